"""What a reviewer sees of an item, and nothing more: no model unless the queue shows it, nobody else's answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timeuntil
from django.utils.translation import gettext

from feedback.accounts.models import Member
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion, RubricVersion
from feedback.text.diff import word_diff
from feedback.text.fields import fields_of
from feedback.text.render import Mark, render_markdown, render_segments
from reviews.queues.care import goes_on_at, sensitive
from reviews.queues.care_models import unwanted
from reviews.queues.claim import midnight, remaining_by_queue, standing
from reviews.queues.forms import EscalationForm, ReviewForm, SkipForm
from reviews.queues.leases import SOON
from reviews.queues.models import Assignment, Escalation, EscalationMessage, Item, Queue
from reviews.queues.proposals import proposals_of
from reviews.queues.ranking import labels
from reviews.queues.submit import undoable

LATEST_TURNS = 3  # the turns before them are folded


def words(content: Any) -> str:
    """The text of a message whose content is a text or a list of parts."""
    if isinstance(content, list):
        return "\n".join(part if isinstance(part, str) else part.get("text") or "" for part in content)
    return content or ""


def turn(message: dict[str, Any], place: int, n_calls: int) -> dict[str, Any]:
    """A message as the page shows it: its place from 1, its calls numbered after the `n_calls` before them."""
    text = words(message.get("content"))
    return {
        "place": place,
        "role": message.get("role", ""),
        "name": message.get("name", ""),
        "text": text,
        "fields": fields_of(text) if message.get("role") == "tool" else [],
        "tool_calls": named_calls(message.get("tool_calls"), n_calls),
    }


def named_calls(tool_calls: Any, n_before: int = 0) -> list[dict[str, Any]]:
    calls = enumerate((call.get("function", {}) for call in tool_calls or []), n_before + 1)
    return [named(number, call.get("name", ""), str(call.get("arguments", ""))) for number, call in calls]


def named(number: int, name: str, arguments: str) -> dict[str, Any]:
    return {"number": number, "name": name, "arguments": arguments, "fields": fields_of(arguments)}


def placed(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = [0, *accumulate(len(message.get("tool_calls") or []) for message in messages)]
    return [turn(message, place, counts[place - 1]) for place, message in enumerate(messages, 1)]


def conversation(shown: list[Response]) -> dict[str, Any]:
    """The turns up to the answer. Instructions that differ between two responses would tell them apart: not shown."""
    turns = placed(shown[0].body.messages)
    if any(response.body.messages != shown[0].body.messages for response in shown):
        turns = [entry for entry in turns if entry["role"] not in {"system", "developer"}]
    system = [entry for entry in turns if entry["role"] in {"system", "developer"}]
    spoken = [entry for entry in turns if entry["role"] not in {"system", "developer"}]
    return {"turns": [*system, *spoken[-LATEST_TURNS:]], "earlier_turns": spoken[:-LATEST_TURNS]}


def shown_answers(shown: list[Response], *, shows_model: bool) -> list[dict[str, Any]]:
    is_pair = len(shown) == 2
    diffs = differences(*(response.body.output for response in shown)) if is_pair else [""] * len(shown)
    sides = ["left", "right"] if is_pair else [""] * len(shown)
    return [
        {
            "label": name,
            "side": side,
            "text": response.body.output,
            "text_hash": response.output_hash,
            "tool_calls": named_calls(response.body.tool_calls, n_calls(response)),
            "place": len(response.body.messages) + 1,
            "response": response.pk,
            "model": str(response.model or "") if shows_model else "",
            "diff": diff,
        }
        for name, side, response, diff in zip(names_of(shown).values(), sides, shown, diffs, strict=True)
    ]


def n_calls(response: Response) -> int:
    """How many tools were called before the output."""
    return sum(len(message.get("tool_calls") or []) for message in response.body.messages)


def names_of(shown: list[Response]) -> dict[int, str]:
    """What each response is called on a page: alone, as a side of a pair, or by its number."""
    return {response.pk: name for response, name in zip(shown, labels(len(shown)), strict=True)}


def differences(left: str, right: str) -> list[str]:
    """Each text with the words marked that the other one has not; empty for equal texts."""
    marks: tuple[list[Mark], list[Mark]] = ([], [])
    at = [0, 0]
    for op, *parts in word_diff(left, right):
        for side, part in enumerate(parts):
            if op != "equal" and part.strip():
                marks[side].append(Mark(len(marks[side]), at[side], at[side] + len(part), "differs"))
            at[side] += len(part)
    if left == right:
        return ["", ""]
    return [render_segments(text, found) for text, found in zip((left, right), marks, strict=True)]


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


def addresses(queue: Queue, project: str) -> dict[str, str]:
    """Where the page's forms and scripts send things."""
    names = ("claim", "submit", "draft", "heartbeat", "release", "pause", "skip", "escalate", "correction-diff")
    return {
        f"{name.replace('-', '_')}_url": reverse(f"queues:{name}", kwargs={"project": project, "key": queue.key})
        for name in names
    } | {"skills_url": reverse("queues:skills", kwargs={"project": project})}


def desk(member: Member, queue: Queue, assignment: Assignment | None, **extra: Any) -> dict[str, Any]:
    """The context of the review page; without an assignment it says that nothing waits."""
    project = member.project
    today, left, read = standing(queue, member)
    context: dict[str, Any] = {
        "queue": queue,
        "member": member,
        "project": project,
        "today_done": today,
        "remaining": left,
        **addresses(queue, project.slug),
    }
    last = extra.pop("last", None) or undoable(queue, member)
    if last:
        context["undo_url"] = last.undo_path(project.slug)
    if assignment is None:
        rows, _ = work_rows(member)
        others = [row for row in rows if row["queue"] != queue and (row["remaining"] or row["held"])]
        return {**context, "finished": finished(queue, member), "others": others, **extra}
    form: ReviewForm = extra.pop("form", None) or ReviewForm(assignment)
    shows_model = assignment.visible.get("model", False)  # as the claim recorded it, whatever the queue says since
    if shows_model:
        prefetch_related_objects(form.shown, "model")
    proposals = proposals_of(assignment, form.shown, form.criteria)
    return {
        **context,
        "assignment": assignment,
        "lease_until": getattr(assignment, "place", None) and assignment.place.lease_until,
        "form": form,
        "skip_form": SkipForm(initial={"token": assignment.token}),
        "escalation_form": EscalationForm(initial={"token": assignment.token}),
        "answers": shown_answers(form.shown, shows_model=shows_model),
        "sensitive": sensitive(form.shown, project),
        "passages": passages(form.shown),
        "marking": marking(form.criteria),
        **taught(assignment.rubric_version, read, project.slug),
        "proposals": proposals,
        "draft_saved_at": assignment.draft_saved_at,
        "kept": SOON.seconds,
        **conversation(form.shown),
        **extra,
    }


def taught(version: RubricVersion, read: int | None, project: str) -> dict[str, Any]:
    """The guideline, and whether this person, who has read number `read` of it, meets it first or changed."""
    guideline = version.guideline
    if guideline is None:
        return {}
    reading = "first" if read is None else "changed" if read < guideline.number else ""
    urls = {
        f"{name}_url": reverse(f"rubrics:version-{name}", kwargs={"project": project, "pk": version.pk})
        for name in ("news", "read")
    }
    return {"guideline": render_markdown(guideline.text), "reading": reading, **urls}


def changes(form: ReviewForm) -> list[tuple[str, str]]:
    """(operation, words) of what the rewrite in the form makes of the response; empty without a change."""
    row = next((criterion for criterion in form.criteria if criterion.kind == Criterion.Kind.CORRECTION), None)
    given = form.answers().get(row.key) if row else None
    if not isinstance(given, dict) or not given.get("text"):
        return []
    original = next((r for r in form.shown if str(r.pk) == str(given.get("response"))), form.shown[0]).body.output
    return in_line(original, given["text"])


def in_line(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts as one: words kept, taken out ("delete") and put in ("insert"); empty for equal texts."""
    if before == after:
        return []
    found: list[tuple[str, str]] = []
    for op, old, new in word_diff(before, after):
        found += (
            [(op, new)]
            if op == "equal"
            else [(name, part) for name, part in (("delete", old), ("insert", new)) if part]
        )
    return found


QUESTIONS = 10
ANSWERED_FOR = timedelta(days=14)


def questions_of(member: Member) -> list[dict[str, Any]]:
    """The member's open questions and those closed lately, the newest word first, and whether it is another's."""
    since = timezone.now() - ANSWERED_FOR
    mine = member.escalations.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=since))
    rows: QuerySet[Any] = mine.with_last_word().select_related("item__queue")
    newest = sorted(rows.order_by("-pk")[:QUESTIONS], key=lambda row: row.last_said_at, reverse=True)
    return [
        {"escalation": row, "at": row.last_said_at, "is_answered": row.last_author_id != member.pk} for row in newest
    ]


def conversation_page(member: Member, escalation: Escalation, form: Any) -> dict[str, Any]:
    """A conversation beside what it is about. Names of moderators are shown, a reviewer's only to those who settle."""
    shown = escalation.item.subject.shown(escalation.assignment.shown_order if escalation.assignment else None)
    messages = escalation.messages.select_related("author__user")
    said = [
        {"by": gettext("You") if m.author_id == member.pk else author_of(m, member), "at": m.created_at, "text": m.text,
         "is_own": m.author_id == member.pk}
        for m in messages
    ]  # fmt: skip
    return {
        "escalation": escalation,
        "messages_said": said,
        "form": form,
        "answers": shown_answers(shown, shows_model=False),
        **conversation(shown),
    }


def author_of(message: EscalationMessage, member: Member) -> str:
    return message.author.pseudonym if message.author_id == message.escalation.raised_by_id else str(message.author)


def finished(queue: Queue, member: Member) -> dict[str, str]:
    """Why there is nothing on the desk; empty when there is simply nothing left."""
    if member.assignments.filter(~unwanted(member, OuterRef("item")), queue=queue).orphaned().exists():
        return {
            "title": gettext("Your item was given back while you were away"),
            "text": gettext(
                "What you had written is kept. Take it up again: you have it back, unless others have finished it."
            ),
            "again": gettext("Take it up again"),
        }
    if queue.keeps_out(member):
        return {
            "title": gettext("You get no items here for now"),
            "text": gettext("A moderator restricted your work; My work says why. What you reviewed is kept."),
        }
    if queue.wants_training_of(member):
        return {
            "title": gettext("A short training comes first"),
            "text": gettext(
                "Whoever reviews here has passed it: a few items, and after each what was expected and why."
            ),
            "link": reverse("gold:training", kwargs={"project": member.project.slug, "pk": queue.training_id}),
            "link_text": gettext("Go to the training"),
        }
    if not queue.admits(member):
        return {
            "title": gettext("This queue is for other people"),
            "text": gettext("It asks for people with the skill “%(skill)s”. What you reviewed here is kept.")
            % {"skill": queue.skill}
            if queue.skill
            else gettext("Its curator named who judges it. What you reviewed here is kept."),
        }
    if queue.state != Queue.State.OPEN:
        return {
            "title": gettext("This queue is %(state)s") % {"state": queue.get_state_display().lower()},
            "text": gettext("Nothing is given out from it at the moment. Your reviews are kept."),
        }
    if at := goes_on_at(queue, member):
        return {
            "title": gettext("Time for something else"),
            "text": gettext(
                "You have given this queue as much as it asks of one person for now. There is more from %(at)s UTC on, "
                "and what waits for you stays."
            )
            % {"at": date_format(at, "j F, H:i")},
        }
    if not queue.items.exists():
        return {
            "title": gettext("Nothing has come into this queue yet"),
            "text": gettext("Its first items appear here as they come in."),
        }
    return {}


def paused(until: datetime | None) -> dict[str, str]:
    """What somebody is told who stopped for a while."""
    words = gettext("What you had written is saved. Others may get the item; what you wrote stays yours.")
    if until:
        words = gettext(
            "What you had written is saved. It is held for you for %(left)s. After that others may get the item; "
            "what you wrote stays yours."
        ) % {"left": timeuntil(until)}
    return {
        "title": gettext("Paused"),
        "text": words,
        "again": gettext("Go on"),
    }


def training_of(queue: Queue, member: Member) -> dict[str, Any]:
    """Where to learn, for a training queue and for one that opens after it."""
    is_closed: bool = queue.is_closed_to_pupil  # type: ignore[attr-defined]  # annotated
    training = queue.pk if queue.is_training else queue.training_id if is_closed else None
    url = reverse("gold:training", kwargs={"project": member.project.slug, "pk": training}) if training else ""
    return {"training_url": url, "wants_training": is_closed}


def work_rows(member: Member, held: set[int] | None = None) -> tuple[list[dict[str, Any]], int]:
    """Open queues with what waits for this person, first those where an item is held for them, open or not; and how
    many reviews they did today in all. `held` are the queues with such an item, when the caller knows.
    """
    project = member.project
    if held is None:
        held = set(member.assignments.live().values_list("queue_id", flat=True))
    mine = member.assignments.filter(state__in=["submitted", "surplus"]).order_by()
    today = Count("pk", filter=Q(submitted_at__gte=midnight()))
    done = {row["queue_id"]: row for row in mine.values("queue_id").annotate(all=Count("pk"), today=today)}
    waiting, none = remaining_by_queue(member), {"all": 0, "today": 0}
    theirs = project.queues.for_reviewer(member).filter(state=Queue.State.OPEN).values("pk")
    closed_to = project.queues.for_pupil(member).filter(state=Queue.State.OPEN).values("pk")
    found = Q(pk__in=theirs) | Q(pk__in=closed_to) | Q(pk__in=held)
    open_or_held = project.queues.filter(found, takes_imports=False)
    has_items = Exists(Item.objects.filter(queue=OuterRef("pk")))
    queues = (
        open_or_held.select_related("rubric_version__rubric")
        .annotate(has_items=has_items, is_closed_to_pupil=Q(pk__in=closed_to))
        .order_by("name")
    )
    rows = [
        {
            "queue": queue,
            **training_of(queue, member),
            "about": str(queue.rubric_version.rubric),
            "held": queue.pk in held,
            "remaining": waiting.get(queue.pk, 0),
            "done": done.get(queue.pk, none)["all"],
            "today": done.get(queue.pk, none)["today"],
            "claim_url": reverse("queues:claim", kwargs={"project": project.slug, "key": queue.key}),
        }
        for queue in queues
    ]
    return sorted(rows, key=lambda row: not row["held"]), sum(row["today"] for row in done.values())
