"""What needs a moderator, and what moderators did lately: each region a few bounded questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.jobs import Job, job_models
from feedback.outbox.models import Delivery, Endpoint
from reviews.moderation.health import health
from reviews.moderation.models import Action, BulkAction, QueueAct
from reviews.quality import gold_page
from reviews.quality.models import Adjudication, ReviewerNotice
from reviews.queues.history import titles_of
from reviews.queues.models import Assignment, Escalation, Item, Place, Restriction

FEW = 6
COUNTED = 1_000
Line = dict[str, Any]


def capped(rows: QuerySet[Any]) -> str:
    """A count that never costs more than COUNTED rows, in words."""
    n = rows.order_by()[: COUNTED + 1].count()
    return f"{COUNTED:,} or more" if n > COUNTED else f"{n:,}"


def titled(items: list[Item]) -> dict[int, str]:
    """The first words of each item, by its id."""
    titles = titles_of(items)
    return {item.pk: titles.get(item.subject_id) or f"Item {item.pk}" for item in items}


def disputes(project: Project) -> dict[str, Any]:
    rows = Adjudication.objects.filter(project=project).open()
    first = list(rows.select_related("item__queue").by_worth()[:FEW])
    return {"disputes": [{"row": row} for row in first], "n_disputes": capped(rows)}


def chosen(bulk: BulkAction) -> str:
    return f"chose {bulk.counted} to {bulk.get_kind_display()}"


def escalations(project: Project, member: Member) -> dict[str, Any]:
    """Open ones that are for this member, the longest waiting first: where the reviewer had the last word before where
    a moderator had it.
    """
    rows = Escalation.objects.filter(project=project).open().offered_to(member)
    first = list(rows.with_last_word().select_related("item__queue").prefetch_related("messages").order_by("pk")[:100])
    first.sort(key=lambda row: row.last_author_id != row.raised_by_id)  # type: ignore[attr-defined]  # annotated
    return {
        "escalations": [
            {"row": row, "waits": row.last_author_id == row.raised_by_id}  # type: ignore[attr-defined]
            for row in first[:FEW]
        ],
        "n_escalations": capped(rows),
    }


def withdrawn(project: Project) -> dict[str, Any]:
    rows = Action.objects.filter(project=project).standing_withdrawals()
    rows = rows.select_related("item__queue", "by__user").order_by("-pk")
    return {"withdrawn": [{"row": row} for row in rows[:FEW]]}


def doubtful(project: Project) -> dict[str, Any]:
    """Gold that good reviewers fail: somebody must read it again."""
    return {"doubtful": gold_page.questioned(project)[:FEW]}


def noticed(project: Project) -> dict[str, Any]:
    """Reviewers whose work somebody should look at; the newest first."""
    rows = ReviewerNotice.objects.filter(project=project).open()
    return {"notices": list(rows.select_related("reviewer").order_by("-pk")[:FEW]), "n_notices": capped(rows)}


def failed_jobs(project: Project) -> dict[str, Any]:
    """The newest failed runs of every kind of job that this project has."""
    found: list[Any] = []
    of_project: dict[str, Any] = {"project": project, "state": Job.State.FAILED}
    for model in job_models():
        if model.is_listed and any(field.name == "project" for field in model._meta.concrete_fields):
            rows = model._default_manager.filter(**of_project).select_related(*model.named_by).order_by("-pk")
            found += rows[:FEW]
    found.sort(key=lambda job: job.finished_at or job.created_at, reverse=True)
    return {"failed": [{"job": job, "kind": str(job._meta.verbose_name).capitalize()} for job in found[:FEW]]}


def undelivered(project: Project) -> dict[str, Any]:
    """Webhooks that were switched off or whose newest events were given up: what somebody waits for elsewhere."""
    given_up = Delivery.objects.filter(project=project, state=Job.State.FAILED)
    newest = given_up.select_related("endpoint", "event").order_by("-pk")[:FEW]
    off = Endpoint.objects.filter(project=project, state=Endpoint.State.DISABLED).order_by("-pk")[:FEW]
    return {"undelivered": list(newest), "switched_off": list(off), "n_undelivered": capped(given_up)}


def queues_in_need(project: Project) -> dict[str, Any]:
    return {"queues_in_need": [entry for entry in health(project) if entry["trouble"]][:FEW]}


def restricted(project: Project) -> dict[str, Any]:
    """Who claims nothing for now, and where."""
    rows = Restriction.objects.filter(project=project).standing().select_related("member", "queue", "by__user")
    return {"restrictions": list(rows.order_by("-pk")[:FEW]), "n_restrictions": capped(rows)}


def recent(project: Project) -> dict[str, Any]:
    """What moderators did lately, one line an act; a bulk action is one act."""
    acts = Action.objects.filter(project=project, bulk__isnull=True)
    decided = Adjudication.objects.filter(project=project, settled_by__isnull=False)
    bulk = BulkAction.objects.filter(project=project).select_related("by__user").order_by("-pk")
    acts_on_queues = QueueAct.objects.filter(project=project)
    lines = [
        *(line(action) for action in shown(acts)[: 2 * FEW]),
        *(
            settled(row)
            for row in decided.select_related("item__queue", "settled_by__user").order_by("-settled_at")[:FEW]
        ),
        *({"at": row.created_at, "who": row.by, "what": chosen(row), "bulk": row} for row in bulk[:FEW]),
        *(of_queue(row) for row in acts_on_queues.select_related("queue", "by__user").order_by("-pk")[:FEW]),
        *of_restrictions(project),
    ]
    return {"recent": sorted(lines, key=lambda entry: entry["at"], reverse=True)[: 2 * FEW]}


def shown(actions: QuerySet[Action]) -> QuerySet[Action]:
    return actions.select_related("item__queue", "by__user", "assignment").order_by("-pk")


def settled(row: Adjudication) -> Line:
    return {"at": row.settled_at, "who": row.settled_by, "what": "settled the dispute", "item": row.item}


def of_queue(row: QueueAct) -> Line:
    is_last = str(row.queue.k if row.kind == QueueAct.Kind.OVERLAP else row.queue.state) == row.after
    return {
        "at": row.at, "who": row.by, "what": row.words, "queue": row.queue, "reason": row.reason, "act": row,
        "undo": "Change back" if is_last else "",
    }  # fmt: skip


def of_restrictions(project: Project) -> Iterator[Line]:
    """Two lines each when it was lifted: when it began, and when it ended."""
    rows = Restriction.objects.filter(project=project).select_related("member", "queue", "by__user", "lifted_by__user")
    for row in rows.order_by("-pk")[:FEW]:
        about = {"member": row.member, "restriction": row}
        began = {"at": row.at, "who": row.by, "what": f"restricted in {row.where}:", "reason": row.reason}
        yield about | began | {"undo": "Lift" if row.is_standing else ""}
        if row.lifted_at:
            words = f"lifted the restriction in {row.where} of"
            yield about | {"at": row.lifted_at, "who": row.lifted_by, "what": words, "reason": row.lift_reason}


def line(action: Action) -> Line:
    return {
        "at": action.at,
        "who": action.by,
        "what": action.get_kind_display(),
        "item": action.item,
        "reason": action.reason,
        "action": action,
        "undo": undo_of(action),
    }


def undo_of(action: Action) -> str:
    """What the button says that takes the act back, or nothing when it cannot be, or was."""
    kind, item = Action.Kind, action.item
    if action.kind == kind.WITHDRAW and item.state == Item.State.WITHDRAWN:
        return "Put back"
    if action.kind == kind.PUT_BACK and item.state != Item.State.WITHDRAWN:
        return "Withdraw again"
    if action.kind == kind.ASK_MORE and item.k > action.k_before and item.state == Item.State.OPEN:
        return "Ask for one less"
    if action.assignment is None:
        return ""
    if action.kind == kind.INVALIDATE and action.assignment.state == Assignment.State.INVALIDATED:
        return "Restore"
    if action.kind == kind.RESTORE and action.assignment.state != Assignment.State.INVALIDATED:
        return "Invalidate again"
    return ""


def found(project: Project, member: Member, text: str) -> dict[str, Any]:
    """Items by number or by their response's external id, reviewers by pseudonym, queues by name; a few of each."""
    text = text.strip()
    if not text:
        return {"q": "", "found": None}
    items = Item.objects.filter(project=project).select_related("queue").order_by("-pk")
    by_response = items.filter(subject__parts__response__external_id=text, subject__parts__response__project=project)
    number = int(text.lstrip("#")) if text.lstrip("#").isdecimal() and len(text) < 18 else 0
    rows = list({item.pk: item for item in [*items.filter(pk=number)[:1], *by_response[:FEW]]}.values())
    people = Member.objects.filter(project=project, pseudonym=text)
    reviews = Assignment.objects.filter(reviewer__in=people, review__isnull=False).select_related("item__queue")
    mine = list(reviews.order_by("-submitted_at")[: 2 * FEW])
    queues = list(project.queues.filter(name__icontains=text).order_by("name")[:FEW])
    titles = titled([*rows, *(review.item for review in mine)])
    slug = {"project": project.slug}
    return {
        "q": text,
        "found": {
            "items": [{"item": item, "title": titles[item.pk]} for item in rows],
            "reviews": [{"review": review, "title": titles[review.item_id]} for review in mine],
            "queues": [
                {"name": q.name, "url": f"{reverse('moderation:item-list', kwargs=slug)}?queue={q.key}"} for q in queues
            ],
            "any": bool(rows or mine or queues),
        },
    }


def held(item_ids: list[int]) -> set[int]:
    """Which of the items somebody is reviewing right now."""
    places = Place.objects.filter(item__in=item_ids, state=Place.State.CLAIMED)
    return set(places.values_list("item_id", flat=True))


def regions_of(project: Project, member: Member, names: Iterable[str]) -> dict[str, Any]:
    """The context of some regions; the first words of all items that they name are looked up together."""
    context: dict[str, Any] = {}
    for name in names:
        context |= escalations(project, member) if name == "escalations" else REGIONS[name](project)
    entries = [entry for name in TITLED for entry in context.get(name, [])]
    titles = titled([entry["row"].item for entry in entries]) if entries else {}
    for entry in entries:
        entry["title"] = titles[entry["row"].item_id]
    return context


TITLED = ("disputes", "escalations", "withdrawn")  # what needs somebody: on the page at once
REGIONS: dict[str, Any] = {
    "disputes": disputes,
    "escalations": escalations,
    "withdrawn": withdrawn,
    "queues": queues_in_need,
    "noticed": noticed,
    "restricted": restricted,
    "doubtful": doubtful,
    "failed": failed_jobs,
    "undelivered": undelivered,
    "recent": recent,
}
