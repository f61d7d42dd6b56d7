"""How the queues are, in a fixed number of questions: what waits, how long, what nobody can take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone

from feedback.accounts.models import Project
from reviews.queues.counts import counts_of
from reviews.queues.models import Assignment, Item, Place, Queue

WEEK = timedelta(days=7)
MOST_QUEUES = 100
SLOW = timedelta(days=3)  # the oldest open place; from then on the queue is said to lag
DONE = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]
State = Queue.State


def health(project: Project) -> list[dict[str, Any]]:
    """A line a queue that is not closed, those that need somebody first."""
    rows = project.queues.exclude(state=State.CLOSED).filter(takes_imports=False).order_by("name")
    queues = list(rows[:MOST_QUEUES])
    counts, stuck, oldest, lately = counts_of(queues), stuck_in(queues), oldest_in(queues), done_lately(queues)
    lines: list[dict[str, Any]] = [
        {
            "queue": queue,
            "open": counts[queue.pk].items(Item.State.OPEN),
            "places": counts[queue.pk].open,
            "disputes": counts[queue.pk].items(Item.State.UNRESOLVED),
            "held": counts[queue.pk].held,
            "stuck": stuck.get(queue.pk, 0),
            "oldest": oldest.get(queue.pk),
            "lately": lately.get(queue.pk, 0),
        }
        for queue in queues
    ]
    for entry in lines:
        entry["trouble"] = trouble(entry)
    return sorted(lines, key=lambda entry: not entry["trouble"])


def trouble(entry: dict[str, Any]) -> str:
    """The one thing that most needs somebody, or nothing."""
    if entry["stuck"]:
        return f"{entry['stuck']} nobody can take"
    if entry["queue"].state == State.PAUSED:
        return "Paused" if entry["places"] else ""
    if entry["places"] and not entry["lately"] and not entry["held"]:
        return "Nobody reviews"
    if entry["oldest"] and entry["oldest"] < timezone.now() - SLOW:
        return "Waits long"
    return ""


def stuck_in(queues: Iterable[Queue]) -> dict[int, int]:
    """Items that everybody who may claim has had a turn at already."""
    rows = Item.objects.stuck().filter(queue__in=list(queues)).order_by()
    return dict(rows.values_list("queue").annotate(n=Count("pk")))


def oldest_in(queues: Iterable[Queue]) -> dict[int, datetime]:
    """When the item was added whose open place comes next."""
    places = Place.objects.filter(queue__in=list(queues), state=Place.State.OPEN, is_extra=False).order_by()
    return dict(places.values_list("queue").annotate(since=Min("item__created_at")))


def done_lately(queues: Iterable[Queue]) -> dict[int, int]:
    """Reviews of the last seven days."""
    since = timezone.now() - WEEK
    turns = Assignment.objects.filter(queue__in=list(queues), state__in=DONE, submitted_at__gte=since).order_by()
    return dict(turns.values_list("queue").annotate(n=Count("pk")))
