"""What critics say of a disputed item: shown when a moderator asks for it, and recorded that they did."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from feedback.accounts.models import Member
from feedback.critics.models import Assessment
from feedback.responses.models import Response
from reviews.quality.critic_models import CriticLook
from reviews.quality.models import Adjudication
from reviews.queues.desk import names_of

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
