"""When a queue will be done at the pace of the last two weeks, and how long its items wait."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from reviews.queues.models import Assignment, Item, Place, Queue

FEWEST_DAYS = 3  # whole days, below which no end is told
FARTHEST = 3650  # days; beyond is never
NEWEST = 2_000  # turns that say how long items took
WAITING = 20_000  # open places that are looked at, the first in line first
AGES = [
    (gettext_lazy("under an hour"), timedelta(hours=1)),
    (gettext_lazy("under a day"), timedelta(days=1)),
    (gettext_lazy("1 to 3 days"), timedelta(days=3)),
    (gettext_lazy("3 to 7 days"), timedelta(days=7)),
    (gettext_lazy("1 to 4 weeks"), timedelta(days=28)),
    (gettext_lazy("longer"), timedelta.max),
]


@dataclass(frozen=True)
class Forecast:
    """Reviews a day, and the days on which the open ones are in at that pace and at the ends of its 95 % interval. A
    day is None where the pace never gets there.
    """

    per_day: float
    finish: date | None
    earliest: date | None
    latest: date | None
    is_late: bool = False


def forecast(counts: Sequence[int], n_open: int, today: date, due: date | None = None) -> Forecast | None:
    """`counts`: reviews of each whole day, days without any too. None while there are too few, or nothing is open.

    The interval is that of a mean of independent days, so it knows nothing of weekends and holidays ahead.
    """
    if len(counts) < FEWEST_DAYS or not n_open:
        return None
    mean = statistics.fmean(counts)
    reach = 1.96 * statistics.stdev(counts) / math.sqrt(len(counts))
    finish, earliest, latest = (after(today, n_open, pace) for pace in (mean, mean + reach, mean - reach))
    is_late = due is not None and (finish is None or finish > due)
    return Forecast(mean, finish, earliest, latest, is_late)


def after(today: date, n_open: int, pace: float) -> date | None:
    days = math.ceil(n_open / pace) if pace > 0 else math.inf
    return today + timedelta(days=int(days)) if days <= FARTHEST else None


def daily(queue: Queue, found: Sequence[dict[str, Any]], days: int) -> list[int]:
    """Reviews of each of the last whole days since the queue was made, from `progress.days`."""
    today = timezone.now().date()
    by_day = {row["day"]: row["n"] for row in found}
    asked = [today - timedelta(days=back) for back in range(days, 0, -1)]
    return [by_day.get(day, 0) for day in asked if day >= queue.created_at.date()]


def waits(queue: Queue) -> dict[str, Any]:
    """How long open reviews have waited since their item came, and what the newest complete items took."""
    now = timezone.now()
    places = queue.places.filter(state=Place.State.OPEN, is_extra=False).order_by("lane", "pos")
    came = list(places.values_list("item__created_at", flat=True)[:WAITING])
    turns = queue.assignments.filter(state=Assignment.State.SUBMITTED).order_by("-pk").values("item")[:NEWEST]
    ended = Item.objects.filter(pk__in=turns, completed_at__isnull=False)
    took = [
        item.completed_at - item.created_at for item in ended.only("created_at", "completed_at") if item.completed_at
    ]
    waiting, taken = by_age([now - at for at in came]), by_age(took)
    most = max([*waiting, *taken])
    rows = zip((label for label, _ in AGES), waiting, taken, strict=True)
    return {
        "waits": [{"age": age, "waiting": n, "took": m, "most": most} for age, n, m in rows] if most else [],
        "half_took": whole(statistics.median(span.total_seconds() for span in took)) if took else None,
        "n_took": len(took),
        "is_cut": len(came) == WAITING,
    }


def by_age(spans: Sequence[timedelta]) -> list[int]:
    """How many fall into each of AGES."""
    counts = [0] * len(AGES)
    for span in spans:
        counts[next(place for place, (_, end) in enumerate(AGES) if span < end)] += 1
    return counts


def whole(seconds: float) -> int:
    """In whole minutes, from a day on in whole hours: more would say more than is known."""
    unit = 3600 if seconds >= 86_400 else 60
    return max(unit, round(seconds / unit) * unit)
