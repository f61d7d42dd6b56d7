"""How many items and places a queue has by state: counted when asked, of a long queue by a sweep, which says when.

Every page that shows how far a queue is asks here. `Item.k` and `Item.n_filled` say what the item's places say (I10),
so items alone are read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import Now
from django.utils import timezone

from reviews.queues.models import Item, Lane, Place, Queue, QueueCount

LONG = 20_000  # positions in a lane, from which on a queue is counted by the sweep
EVERY = timedelta(seconds=15)
SECONDS = 1.0  # that one sweep counts for, about; the others wait for the next

Sums = tuple[int, int, int]  # items, the places they ask for, those that are filled


@dataclass(frozen=True)
class Counts:
    """`by_state` of items; `held` are places in somebody's hands now; `counted_at` is empty where it is now."""

    by_state: dict[str, Sums] = field(default_factory=dict)
    held: int = 0
    counted_at: datetime | None = None

    def items(self, *states: str) -> int:
        return sum(self.by_state[state][0] for state in states if state in self.by_state)

    @property
    def n_items(self) -> int:
        return sum(n for n, _, _ in self.by_state.values())

    @property
    def places(self) -> int:
        """All but withdrawn ones."""
        return sum(k for _, k, _ in self.by_state.values())

    @property
    def filled(self) -> int:
        return sum(filled for _, _, filled in self.by_state.values())

    @property
    def open(self) -> int:
        return max(0, self.places - self.filled - self.held)  # who holds is of now, the rest may be older


def counts_of(queues: Iterable[Queue]) -> dict[int, Counts]:
    """By queue. Three statements, whatever they are."""
    wanted = [queue.pk for queue in queues]
    known = {row.queue_id: row for row in QueueCount.objects.filter(queue__in=wanted)}
    sums = counted([pk for pk in wanted if pk not in known])
    places = Place.objects.filter(queue__in=wanted, state=Place.State.CLAIMED).order_by()
    held = dict(places.values_list("queue").annotate(n=Count("pk")))
    return {
        pk: Counts(
            {state: (n, k, filled) for state, (n, k, filled) in known[pk].by_state.items()}
            if pk in known
            else sums.get(pk, {}),
            held.get(pk, 0),
            known[pk].counted_at if pk in known else None,
        )
        for pk in wanted
    }


def counted(queue_ids: list[int]) -> dict[int, dict[str, Sums]]:
    rows = Item.objects.filter(queue__in=queue_ids).order_by().values_list("queue", "state")
    found: dict[int, dict[str, Sums]] = {}
    for queue, state, *sums in rows.annotate(n=Count("pk"), wanted=Sum("k"), filled=Sum("n_filled")):
        found.setdefault(queue, {})[state] = (sums[0], sums[1], sums[2])
    return found


def count_long_queues(seconds: float = SECONDS) -> int:
    """Count the long queues whose count is the oldest, for about so long; how many. Safe to run twice at once."""
    until, done = time.monotonic() + seconds, 0
    stale = timezone.now() - EVERY
    long = Lane.objects.filter(next_pos__gt=LONG, queue__project__archived_at__isnull=True).values("queue")
    rows = Queue.objects.filter(pk__in=long).exclude(count__counted_at__gt=stale)
    for queue in rows.order_by(F("count__counted_at").asc(nulls_first=True), "pk"):
        with transaction.atomic():
            values = {"by_state": counted([queue.pk]).get(queue.pk, {}), "counted_at": Now()}
            QueueCount.objects.update_or_create(
                queue=queue, defaults=values, create_defaults={**values, "project_id": queue.project_id}
            )
        done += 1
        if time.monotonic() > until:
            break
    return done
