"""What a reviewer sees of an item, and nothing more: no model unless the queue shows it, nobody else's answers."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.judgements.record import criteria_of
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from feedback.text.render import render_markdown
from reviews.queues.claim import remaining
from reviews.queues.forms import SIDES, ReviewForm, SkipForm, initial_of
from reviews.queues.models import Assignment, Queue
from reviews.queues.submit import undoable

LATEST_TURNS = 3  # the turns before them are folded


def words(content: Any) -> str:
    """The text of a message whose content is a text or a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content or ""


def turn(message: dict[str, Any]) -> dict[str, Any]:
    calls = [call.get("function", {}) for call in message.get("tool_calls") or []]
    return {
        "role": message.get("role", ""),
        "name": message.get("name", ""),
        "text": words(message.get("content")),
        "tool_calls": [{"name": call.get("name", ""), "arguments": str(call.get("arguments", ""))} for call in calls],
    }


def conversation(shown: list[Response]) -> dict[str, Any]:
    """The turns up to the answer. Instructions that differ between two responses would tell them apart: not shown."""
    turns = [turn(message) for message in shown[0].body.messages]
    if any(response.body.messages != shown[0].body.messages for response in shown):
        turns = [entry for entry in turns if entry["role"] not in {"system", "developer"}]
    system = [entry for entry in turns if entry["role"] in {"system", "developer"}]
    spoken = [entry for entry in turns if entry["role"] not in {"system", "developer"}]
    return {"turns": [*system, *spoken[-LATEST_TURNS:]], "earlier_turns": spoken[:-LATEST_TURNS]}


def shown_answers(assignment: Assignment, shown: list[Response]) -> list[dict[str, Any]]:
    labels = SIDES if len(shown) == 2 else ["Response"]
    return [
        {
            "label": label,
            "text": response.body.output,
            "text_hash": response.output_hash,
            "response": response,
            "model": str(response.model or "") if assignment.queue.shows_model else "",
        }
        for label, response in zip(labels, shown, strict=True)
    ]


def passages(shown: list[Response]) -> list[dict[str, Any]]:
    """The sources of all shown responses, equal texts once."""
    found: dict[str, dict[str, Any]] = {}
    for response in shown:
        for row in response.passages.all():
            entry = {"id": row.pk, "title": row.title, "text": row.text, "url": safe_url(row.url), "score": row.score}
            found.setdefault(row.text_hash, entry)
    return list(found.values())


def safe_url(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


def marking(criteria: tuple[Criterion, ...]) -> dict[str, Any] | None:
    """Kinds and severities of marks, when the rubric asks for any."""
    spans = next((criterion for criterion in criteria if criterion.kind == Criterion.Kind.SPANS), None)
    if spans is None:
        return None

    def pairs(name: str) -> list[tuple[str, str]]:
        return [(entry["value"], entry["label"]) for entry in spans.options.get(name, [])]

    return {"kinds": pairs("kinds"), "severities": pairs("severities")}


def shown_to(assignment: Assignment) -> list[Response]:
    """The responses in the order drawn for this reviewer."""
    subject = assignment.item.subject
    rows = subject.shown(assignment.shown_order)
    return list(Response.objects.filter(pk__in=[r.pk for r in rows]).prefetch_related("passages")) and rows


def form_of(assignment: Assignment, data: Any = None) -> ReviewForm:
    """The rubric's form for this assignment: what was posted, else the draft."""
    criteria, shown = criteria_of(assignment.queue.rubric_version), shown_to(assignment)
    initial = {"token": assignment.token, **initial_of(assignment.draft, criteria, shown)}
    return ReviewForm(criteria, shown, data, initial=initial, label_suffix="")


def addresses(queue: Queue, project: str) -> dict[str, str]:
    """Where the page's forms and scripts send things."""
    names = ("claim", "submit", "draft", "heartbeat", "release", "skip")
    return {f"{name}_url": reverse(f"queues:{name}", kwargs={"project": project, "key": queue.key}) for name in names}


def desk(member: Member, queue: Queue, assignment: Assignment | None, **extra: Any) -> dict[str, Any]:
    """The context of the review page; without an assignment it says that nothing waits."""
    project = member.project
    context: dict[str, Any] = {
        "queue": queue,
        "member": member,
        "project": project,
        "today_done": done_today(member),
        "remaining": remaining(queue, member),
        **addresses(queue, project.slug),
    }
    last = undoable(queue, member)
    if last:
        context["undo_url"] = reverse("queues:undo", kwargs={"project": project.slug, "token": last.token})
    if assignment is None:
        return {**context, **extra}
    form: ReviewForm = extra.pop("form", None) or form_of(assignment)
    guideline = queue.rubric_version.guideline
    return {
        **context,
        "assignment": assignment,
        "lease_until": getattr(assignment, "place", None) and assignment.place.lease_until,
        "form": form,
        "skip_form": SkipForm(initial={"token": assignment.token}, label_suffix=""),
        "answers": shown_answers(assignment, form.shown),
        "passages": passages(form.shown),
        "marking": marking(form.criteria),
        "guideline": render_markdown(guideline.text) if guideline else "",
        "draft_saved_at": assignment.draft_saved_at,
        **conversation(form.shown),
        **extra,
    }


def done_today(member: Member) -> int:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return member.assignments.filter(submitted_at__gte=midnight, state__in=["submitted", "surplus"]).count()


def work_rows(member: Member) -> list[dict[str, Any]]:
    """Open queues with what waits for this person, those with a held item first."""
    project = member.project
    counted = Q(assignments__reviewer=member, assignments__state__in=["submitted", "surplus"])
    queues = (
        project.queues.filter(state=Queue.State.OPEN, takes_imports=False)  # type: ignore[attr-defined]
        .select_related("rubric_version__rubric")
        .annotate(done=Count("assignments", filter=counted))
        .order_by("name")
    )
    held = set(member.assignments.live().values_list("queue_id", flat=True))  # type: ignore[attr-defined]
    rows = [
        {
            "queue": queue,
            "about": str(queue.rubric_version.rubric),
            "held": queue.pk in held,
            "remaining": remaining(queue, member),
            "done": queue.done,
            "claim_url": reverse("queues:claim", kwargs={"project": project.slug, "key": queue.key}),
        }
        for queue in queues
    ]
    return sorted(rows, key=lambda row: not row["held"])
