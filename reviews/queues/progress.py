"""How far a queue is: items and places by state, who did what lately, and what has waited longest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from feedback.accounts.models import Member
from reviews.queues.models import Assignment, Item, Place, Queue

DAYS = 14
PEOPLE = 50
DONE = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]


def with_progress(queues: Any) -> Any:
    """Places filled of places wanted."""
    wanted = Q(places__state__in=[Place.State.OPEN, Place.State.CLAIMED, Place.State.FILLED])
    return queues.annotate(
        n_places=Count("places", filter=wanted), n_filled=Count("places", filter=Q(places__state=Place.State.FILLED))
    )


def progress(queue: Queue) -> dict[str, Any]:
    """Three statements: items by state, places by state, and the item that is given out next."""
    items = dict(queue.items.order_by().values_list("state").annotate(n=Count("pk")))
    places = dict(queue.places.order_by().values_list("state").annotate(n=Count("pk")))
    held, filled = places.get(Place.State.CLAIMED, 0), places.get(Place.State.FILLED, 0)
    following = queue.places.filter(state=Place.State.OPEN).select_related("item").order_by("lane", "pos").first()
    return {
        "states": [(value, label, items.get(value, 0)) for value, label in Item.State.choices],
        "n_items": sum(items.values()),
        "n_held": held,
        "n_filled": filled,
        "n_open": places.get(Place.State.OPEN, 0),
        "n_places": held + filled + places.get(Place.State.OPEN, 0),
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
            skipped=Count("pk", filter=Q(state=Assignment.State.SKIPPED)),
            seconds=Avg("review__active_ms", filter=Q(state__in=DONE)) / 1000.0,
            last=Max("submitted_at"),
        )
        .order_by("-done", "reviewer")[:PEOPLE]
    )
    found = list(counts)
    members = Member.objects.select_related("user").in_bulk([row["reviewer"] for row in found])
    named = set(queue.admissions.values_list("member", flat=True)) if queue.is_restricted else None
    return [
        {
            **row,
            "member": members[row["reviewer"]],
            "is_admitted": named is None or row["reviewer"] in named,
        }
        for row in found
    ]
