"""Responses by day: sums that were added up before, and the rows themselves where they were not, or changed since.

A page reads the days that stand (`AddedDay` without a later `ChangedDay`), their sums, and the responses of all other
moments. Whoever adds a day up meanwhile replaces its sums in one transaction: they are right before and after.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, Floor, Greatest, Ln, TruncDate

from feedback.accounts.models import Project
from feedback.responses.models import ChangedDay, Response
from reviews.monitoring.models import AddedDay, ResponseDay

STEP = 1.02  # between two steps of latency: the middle of a step is within one percent of all in it
DAY = timedelta(days=1)
COST = Cast("cost", FloatField())
BOTH = F("input_tokens") + F("output_tokens")
SUMS = {
    "n": Count("pk"),
    "n_input": Coalesce(Sum("input_tokens"), 0),
    "n_output": Coalesce(Sum("output_tokens"), 0),
    "n_both": Count(BOTH),
    "tokens": Coalesce(Sum(BOTH), 0),
    "n_cost": Count("cost"),
    "spent": Coalesce(Sum(COST), 0.0),
    "squares": Coalesce(Sum(COST * COST), 0.0),
}
Row = dict[str, Any]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_of(column: str = "responded_at") -> Func:
    return TruncDate(column, tzinfo=UTC)


def step_of() -> Func:
    """Which step a latency lies in; step s holds from STEP ** s up to the next."""
    return Floor(Ln(Greatest(Cast("latency_ms", FloatField()), Value(1.0))) / Value(math.log(STEP)))


def standing(project: Project, since: date | None) -> list[date]:
    """The days from then on whose sums are right."""
    rows = AddedDay.objects.filter(project=project)
    rows = rows.filter(day__gte=since) if since else rows
    changed = ChangedDay.objects.filter(project=OuterRef("project"), day=OuterRef("day"))
    return list(rows.filter(~Exists(changed)).order_by("day").values_list("day", flat=True))


def outside(days: list[date]) -> Q:
    """Moments of none of the days, as few ranges as they leave."""
    if not days:
        return Q()
    left = Q(responded_at__lt=midnight(days[0])) | Q(responded_at__gte=midnight(days[-1] + DAY))
    for day, following in zip(days, days[1:], strict=False):
        if following > day + DAY:
            left |= Q(responded_at__gte=midnight(day + DAY), responded_at__lt=midnight(following))
    return left


class Days:
    """The responses of a project that meet the conditions, which are lookups on them. One query; sums are two more."""

    def __init__(self, project: Project, conditions: Mapping[str, Any]) -> None:
        since = conditions.get("responded_at__gte")
        self.days = standing(project, since.date() if since else None)
        self.all = Response.objects.filter(project=project, **conditions)
        self.live = self.all.filter(outside(self.days))
        of_days = {name: value for name, value in conditions.items() if name != "responded_at__gte"}
        self.added = ResponseDay.objects.filter(project=project, day__in=self.days, **of_days)

    def sums(self, *keys: str, **conditions: Any) -> dict[tuple[Any, ...], Row]:
        """By the values of the keys; `day` is one that may be asked for."""
        found: dict[tuple[Any, ...], Row] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
        for rows, prefix in ((self.sums_of_days(keys, conditions), "all_"), (self.sums_of_rows(keys, conditions), "")):
            for row in rows:
                sums = found[tuple(row[key] for key in keys)]
                for name in SUMS:
                    sums[name] += row[prefix + name]
        return dict(found)

    def sums_of_days(self, keys: Iterable[str], conditions: Mapping[str, Any]) -> Iterable[Row]:
        if not self.days:
            return []
        rows = self.added.filter(**conditions).order_by().values(*keys)
        return rows.annotate(**{f"all_{name}": Sum(name) for name in SUMS})

    def sums_of_rows(self, keys: Iterable[str], conditions: Mapping[str, Any]) -> Iterable[Row]:
        return grouped(self.live.filter(**conditions), *keys)

    def steps(self, version_ids: list[int]) -> dict[int, dict[int, int]]:
        """How many latencies lie in which step, by prompt version."""
        found: dict[int, dict[int, int]] = {version: defaultdict(int) for version in version_ids}
        if self.days:
            rows = self.added.filter(prompt_version__in=version_ids)
            for version, steps in rows.values_list("prompt_version_id", "latencies"):
                for step, n in steps.items():
                    found[version][int(step)] += n
        for version, step, n in stepped(self.live.filter(prompt_version__in=version_ids), "prompt_version_id"):
            found[version][int(step)] += n
        return found


def grouped(rows: QuerySet[Response], *keys: str) -> QuerySet[Any, Any]:
    dated = rows.annotate(day=day_of()) if "day" in keys else rows
    return dated.order_by().values(*keys).annotate(**SUMS)


def stepped(rows: QuerySet[Response], *keys: str) -> QuerySet[Any, Any]:
    """The keys, a step, and how many latencies are in it."""
    told = rows.filter(latency_ms__isnull=False).annotate(step=step_of()).order_by()
    return told.values_list(*keys, "step").annotate(count=Count("pk"))


def share_below(steps: Mapping[int, int], rank: int) -> float:
    """The middle of the step in which the response of this rank lies, the smallest being 1."""
    seen = 0
    for step in sorted(steps):
        seen += steps[step]
        if seen >= rank:
            return float(STEP ** (step + 0.5))
    raise ValueError(f"there are {seen} latencies, none of rank {rank}")


def summary(steps: Mapping[int, int]) -> tuple[float, int]:
    """(median, 95th percentile) to within a percent, by the ranks that `traffic.latencies` takes exactly."""
    size = sum(steps.values())
    middle = [share_below(steps, rank) for rank in ((size + 1) // 2, size // 2 + 1)]
    return sum(middle) / 2, round(share_below(steps, math.ceil(0.95 * size)))
