"""What came in and what was done with it, day by day; tokens, cost and latency by prompt version."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Avg, BigIntegerField, Case, Count, F, FloatField, Min, Q, QuerySet, Sum, When, Window
from django.db.models.functions import Cast, RowNumber, Trunc
from django.utils import timezone

from feedback.prompts.models import PromptVersion
from feedback.responses.models import Response
from reviews.monitoring.scope import Scope

SORTED = 20_000  # latencies of a version, at most; more tell nothing new
SHOWN = 5  # prompt versions with a series of their own; the others are drawn together
STEPS = ((92, "day"), (2 * 366, "week"), (10**6, "month"))  # up to so many days: one row a …
VERSION_ID = "prompt_version_id"


@dataclass(frozen=True)
class Steps:
    """The rows of a table over time: every step from the first to the last, also those without anything."""

    kind: str
    starts: list[date]

    def label(self, start: date) -> str:
        return f"{start:%b %Y}" if self.kind == "month" else f"{start.day} {start:%b}"


def steps_of(scope: Scope) -> Steps:
    now = timezone.now()
    first = scope.since or scope.responses().aggregate(first=Min("responded_at"))["first"] or now
    kind = next(kind for most, kind in STEPS if (now - first).days <= most)
    starts = [floor(first.astimezone(UTC).date(), kind)]
    while (following := after(starts[-1], kind)) <= now.astimezone(UTC).date():
        starts.append(following)
    return Steps(kind, starts)


def floor(day: date, kind: str) -> date:
    if kind == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "month" else day


def after(day: date, kind: str) -> date:
    return (
        floor(day + timedelta(days=32), kind) if kind == "month" else day + timedelta(days=7 if kind == "week" else 1)
    )


@dataclass(frozen=True)
class Traffic:
    """Sums by (step, prompt version id); under None all versions that have no series of their own."""

    steps: Steps
    versions: list[PromptVersion]
    sums: dict[tuple[date, int | None], dict[str, Any]]
    reviewed: dict[date, int]
    settled: dict[date, int]

    def total(self, start: date, name: str) -> float:
        return sum(row[name] or 0 for (day, _), row in self.sums.items() if day == start)


def traffic_of(scope: Scope) -> Traffic:
    """Five queries, each one pass along an index of the period."""
    steps, responses = steps_of(scope), scope.responses()
    versions = served(scope)
    own = [When(prompt_version__in=[version.pk for version in versions], then=F(VERSION_ID))] if versions else []
    version = Case(*own, default=None, output_field=BigIntegerField())
    rows = by_step(responses, "responded_at", steps.kind, version=version).annotate(
        n=Count("pk"), input=Sum("input_tokens"), output=Sum("output_tokens"), spent=Sum(Cast("cost", FloatField()))
    )
    since = datetime.combine(steps.starts[0], datetime.min.time(), UTC)
    project = scope.project
    return Traffic(
        steps=steps,
        versions=versions,
        sums={(row["step"].date(), row["version"]): row for row in rows},
        reviewed=counts(project.reviews.standing().filter(submitted_at__gte=since), "submitted_at", steps.kind),
        settled=counts(project.verdicts.current().filter(created_at__gte=since), "created_at", steps.kind),
    )


def served(scope: Scope) -> list[PromptVersion]:
    """The versions that answered lately, newest first, as many as have a colour."""
    lately = {version for _, version, _ in scope.recent if version is not None}
    if scope.prompt:
        lately &= set(scope.ids_of_prompt())
    rows = PromptVersion.objects.filter(project=scope.project, pk__in=lately).select_related("prompt", "project")
    return list(rows.order_by("-pk")[:SHOWN])


def by_step(rows: QuerySet[Any], column: str, kind: str, **keys: Any) -> QuerySet[Any, Any]:
    return rows.annotate(step=Trunc(column, kind, tzinfo=UTC), **keys).values("step", *keys).order_by()


def counts(rows: QuerySet[Any], column: str, kind: str) -> dict[date, int]:
    return {row["step"].date(): row["n"] for row in by_step(rows, column, kind).annotate(n=Count("pk"))}


@dataclass(frozen=True)
class Volume:
    """What answering under one prompt version takes. Means are over the responses that tell."""

    n: int = 0
    tokens: float | None = None
    cost: float | None = None
    cost_sd: float | None = None
    n_cost: int = 0
    latency: float | None = None
    slow: int | None = None  # 19 of 20 are faster


def volumes(rows: QuerySet[Response], version_ids: Iterable[int]) -> dict[int, Volume]:
    """By prompt version. Two queries."""
    ids = list(version_ids)
    mine = rows.filter(prompt_version__in=ids)
    cost = Cast("cost", FloatField())
    taken = (
        mine.order_by()
        .values(VERSION_ID)
        .annotate(
            n=Count("pk"),
            tokens=Avg(F("input_tokens") + F("output_tokens")),
            spent=Sum(cost),
            squares=Sum(cost * cost),
            n_cost=Count("cost"),
        )
    )
    rows_of = list(taken)
    quick = latencies(mine, {row[VERSION_ID]: row["n"] for row in rows_of})
    found = {}
    for row in rows_of:
        median, slow = quick.get(row[VERSION_ID], (None, None))
        tokens = None if row["tokens"] is None else float(row["tokens"])
        mean, spread = moments(row["n_cost"], row["spent"], row["squares"])
        found[row[VERSION_ID]] = Volume(row["n"], tokens, mean, spread, row["n_cost"], median, slow)
    return found


def sorted_share(sizes: Mapping[int, int]) -> Q:
    small = Q(prompt_version__in=[version for version, n in sizes.items() if n <= SORTED])
    for version, n in sizes.items():
        if n > SORTED:
            small |= Q(prompt_version=version, draw_key__lt=SORTED / n)
    return small


def moments(n: int, total: float | None, squares: float | None) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation from sums; SQLite's own fails on one row."""
    if not n or total is None or squares is None:
        return None, None
    mean = total / n
    return mean, math.sqrt(max(0.0, squares - n * mean**2) / (n - 1)) if n > 1 else None


def latencies(rows: QuerySet[Response], sizes: Mapping[int, int]) -> dict[int, tuple[float, int]]:
    """(median, 95th percentile) in milliseconds by prompt version; the database sorts, three rows a version are read.

    Of a version with more than SORTED responses a uniform share of about that many is sorted, by their draw keys: the
    median then lies within 0.7 percentiles of the exact one, 19 times of 20.

    The median of an even number is the mean of the middle two. The percentile is the nearest rank: the smallest value
    that at least 95 % do not exceed.
    """
    by_version = [F(VERSION_ID)]
    ranked = (
        rows.filter(sorted_share(sizes), latency_ms__isnull=False)
        .order_by()
        .annotate(
            rank=Window(RowNumber(), partition_by=by_version, order_by=[F("latency_ms"), F("pk")]),
            size=Window(Count("pk"), partition_by=by_version),
        )
        .filter(
            Q(rank__gte=F("size") / 2.0, rank__lte=F("size") / 2.0 + 1)
            | Q(rank__gte=F("size") * 0.95, rank__lt=F("size") * 0.95 + 1)
        )
    )
    return {
        version: summary(values)
        for version, values in grouped(ranked.values_list(VERSION_ID, "latency_ms", "rank", "size"))
    }


def grouped(rows: Iterable[tuple[int, int, int, int]]) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    of_version: dict[int, list[tuple[int, int, int]]] = {}
    for version, latency, rank, size in rows:
        of_version.setdefault(version, []).append((rank, latency, size))
    yield from of_version.items()


def summary(values: list[tuple[int, int, int]]) -> tuple[float, int]:
    size = values[0][2]
    middle = [latency for rank, latency, _ in values if size / 2 <= rank <= size / 2 + 1]
    slow = min(latency for rank, latency, _ in values if rank >= 0.95 * size)
    return sum(middle) / len(middle), slow
