"""What critics say: of a disputed item when a moderator asks for it, which is recorded; of a response on its page,
unless it would sway whoever is about to judge it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString

from feedback.accounts.models import Member
from feedback.critics.models import Assessment
from feedback.responses.models import Response
from feedback.text.render import Mark, render_segments
from reviews.quality.critic_models import CriticLook
from reviews.quality.models import Adjudication
from reviews.queues.desk import names_of
from reviews.queues.models import Assignment

MOST = 30  # assessments on the page of a response

Named = list[tuple[str, Assessment]]  # with what its response is called, where there are several


def look(dispute: Adjudication, member: Member, shown: list[Response]) -> Named:
    """What critics say, with the look written down first."""
    said = list(Assessment.objects.of(shown))
    about: dict[str, Any] = {"project_id": dispute.project_id, "adjudication": dispute, "member": member}
    CriticLook.objects.update_or_create(**about, defaults={"shown": sorted(row.pk for row in said)})
    return by_name(said, shown)


def by_name(said: list[Assessment], shown: list[Response]) -> Named:
    names = names_of(shown)
    order = list(names)
    rows = sorted(said, key=lambda row: order.index(row.response_id))
    return [(names[row.response_id] if len(shown) > 1 else "", row) for row in rows]


def critics_of(dispute: Adjudication, member: Member, shown: list[Response]) -> dict[str, Any]:
    """For the settling page: whether there is anything to ask for, and what this moderator has asked for already."""
    if CriticLook.objects.filter(adjudication=dispute, member=member).exists():
        return {"has_critics": True, "assessed": look(dispute, member, shown)}
    return {"has_critics": Assessment.objects.filter(response__in=shown).exists()}


def seeing(disputes: QuerySet[Adjudication]) -> QuerySet[Adjudication]:
    """With `saw_critic`: whether who settled it had looked."""
    looks = CriticLook.objects.filter(adjudication=OuterRef("pk"), member=OuterRef("settled_by"))
    return disputes.annotate(saw_critic=Exists(looks))


def keeps_back(member: Member, response: Response) -> str:
    """Why this person is not told yet: `turn`, they review it and are not to be swayed; `dispute`, they may settle it,
    and looking there is noted; empty when nothing is in the way.
    """
    turns = Assignment.objects.filter(reviewer=member, state=Assignment.State.CLAIMED, queue__shows_critic=False)
    if turns.filter(item__subject__parts__response=response).exists():
        return "turn"
    if not member.may("settle"):
        return ""
    disputes = Adjudication.objects.open().filter(item__subject__parts__response=response).not_reviewed_by(member)
    return "dispute" if disputes.exclude(critic_looks__member=member).exists() else ""


def said_of(response: Response, asked: str) -> tuple[list[dict[str, Any]], bool]:
    """What was said of a response, the newest version of each critic first, and whether there is more; with the `asked`
    one stands the answer with its spans.
    """
    rows = list(Assessment.objects.of([response])[: MOST + 1])
    return [{"row": row, "marked": marked(row, response, asked)} for row in rows[:MOST]], len(rows) > MOST


def marked(row: Assessment, response: Response, asked: str) -> SafeString | None:
    """The answer with numbered marks, in the order in which the spans are listed."""
    if str(row.pk) != asked or not row.spans:
        return None
    marks = [Mark(number, span["start"], span["end"], span["kind"]) for number, span in enumerate(row.spans, 1)]
    return render_segments(response.body.output, marks)
