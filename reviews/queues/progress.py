"""How far a queue is: items and places by state, who did what lately, and what has waited longest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.rubrics.readings import newest_read
from reviews.queues.counts import counts_of
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import PASSED_ON

DAYS = 14
PEOPLE = 50
DONE = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]


def with_progress(queues: Iterable[Queue]) -> list[Queue]:
    """Each with the places filled of places wanted: `n_filled`, `n_places`."""
    rows = list(queues)
    counts = counts_of(rows)
    for queue in rows:
        queue.n_places = counts[queue.pk].places  # type: ignore[attr-defined]
        queue.n_filled = counts[queue.pk].filled  # type: ignore[attr-defined]
    return rows


def progress(queue: Queue) -> dict[str, Any]:
    """Four statements at most: what there is by state, and the item that is given out next."""
    counts = counts_of([queue])[queue.pk]
    following = queue.places.filter(state=Place.State.OPEN).select_related("item").order_by("lane", "pos").first()
    return {
        "states": [(value, label, counts.items(value)) for value, label in Item.State.choices],
        "n_items": counts.n_items,
        "n_held": counts.held,
        "n_filled": counts.filled,
        "n_open": counts.open,
        "n_places": counts.places,
        "counted_at": counts.counted_at,
        "waiting_since": following.item.created_at if following else None,
    }


def days(queue: Queue) -> list[dict[str, Any]]:
    """Reviews of each of the last days that had any, the newest first."""
    since = timezone.now() - timedelta(days=DAYS)
    turns = queue.assignments.filter(state__in=DONE, submitted_at__gte=since).order_by()
    found = turns.annotate(day=TruncDate("submitted_at")).values("day")
    rows = found.annotate(n=Count("pk"), people=Count("reviewer", distinct=True)).order_by("-day")
    most = max((row["n"] for row in rows), default=0)
    return [{**row, "most": most} for row in rows]


def people(queue: Queue) -> list[dict[str, Any]]:
    """What each reviewer did and skipped, how long it took, whether they may go on; the busiest first."""
    counts = (
        queue.assignments.order_by()
        .values("reviewer")
        .annotate(
            done=Count("pk", filter=Q(state__in=DONE)),
            skipped=Count("pk", filter=Q(state__in=PASSED_ON)),
            seconds=Avg("review__active_ms", filter=Q(state__in=DONE)) / 1000.0,
            last=Max("submitted_at"),
        )
        .order_by("-done", "reviewer")[:PEOPLE]
    )
    found = list(counts)
    members = Member.objects.select_related("user").in_bulk([row["reviewer"] for row in found])
    read = newest_read(queue.rubric_version.rubric_id, members)
    named = set(queue.admissions.values_list("member", flat=True)) if queue.is_restricted else None
    return [
        {
            **row,
            "member": members[row["reviewer"]],
            "is_admitted": named is None or row["reviewer"] in named,
            "read": read.get(row["reviewer"]),
        }
        for row in found
    ]
