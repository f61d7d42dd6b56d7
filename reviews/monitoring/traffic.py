"""What came in and what was done with it, day by day; tokens, cost and latency by prompt version."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.models import Response
from reviews.monitoring.days import SUMS, Days, Row, day_of, summary
from reviews.monitoring.scope import Scope

SORTED = 2_000  # latencies of a version, at most; of more, the median is known to a percent (days.py)
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
class Volume:
    """What answering under one prompt version takes. Means are over the responses that tell."""

    n: int = 0
    tokens: float | None = None
    cost: float | None = None
    cost_sd: float | None = None
    n_cost: int = 0
    latency: float | None = None
    slow: int | None = None  # 19 of 20 are faster


@dataclass(frozen=True)
class Traffic:
    """Sums by (step, prompt version id); under None all versions that have no series of their own."""

    steps: Steps
    versions: list[PromptVersion]
    sums: dict[tuple[date, int | None], dict[str, Any]]
    volumes: dict[int, Volume]
    reviewed: dict[date, int]
    settled: dict[date, int]

    def total(self, start: date, name: str) -> float:
        return sum(row[name] or 0 for (day, _), row in self.sums.items() if day == start)


def traffic_of(scope: Scope) -> Traffic:
    """What came in by day and version, what each version takes, and what was reviewed and settled on those days."""
    steps, versions = steps_of(scope), served(scope)
    own = [version.pk for version in versions]
    sums: dict[tuple[date, int | None], Row] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    of_version: dict[int, Row] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    conditions = scope.conditions() | scope.of_prompt()
    days = Days(scope.project, conditions)
    for (day, version), row in days.sums("day", "prompt_version").items():
        places = [sums[floor(day, steps.kind), version if version in own else None]]
        for place in [*places, of_version[version]] if version in own else places:
            for name in SUMS:
                place[name] += row[name]
    worked = worked_on(scope.project, steps)
    return Traffic(steps, versions, dict(sums), volumes_of(days, of_version), worked["reviewed"], worked["settled"])


def served(scope: Scope) -> list[PromptVersion]:
    """The versions that answered lately, newest first, as many as have a colour."""
    lately = {version for _, version, _ in scope.recent if version is not None}
    if scope.prompt:
        lately &= set(scope.ids_of_prompt())
    rows = PromptVersion.objects.filter(project=scope.project, pk__in=lately).select_related("prompt", "project")
    return list(rows.order_by("-pk")[:SHOWN])


def worked_on(project: Project, steps: Steps) -> dict[str, dict[date, int]]:
    """How many reviews and verdicts came on each day; one query."""
    since = datetime.combine(steps.starts[0], datetime.min.time(), UTC)
    reviews = by_day(project.reviews.standing().filter(submitted_at__gte=since), "submitted_at", "reviewed")
    verdicts = by_day(project.verdicts.current().filter(created_at__gte=since), "created_at", "settled")
    found: dict[str, dict[date, int]] = {"reviewed": defaultdict(int), "settled": defaultdict(int)}
    for what, day, n in reviews.union(verdicts, all=True):
        found[what][floor(day, steps.kind)] += n
    return found


def by_day(rows: QuerySet[Any], column: str, what: str) -> QuerySet[Any, Any]:
    """Rows are counted, not keys, so that PostgreSQL reads the index alone."""
    named = rows.annotate(what=Value(what), day=day_of(column)).order_by()
    return named.values_list("what", "day").annotate(n=Count("*"))


def volumes(project: Project, conditions: Mapping[str, Any], version_ids: Iterable[int]) -> dict[int, Volume]:
    """By prompt version, of the responses that meet the conditions."""
    days = Days(project, conditions)
    sums = days.sums("prompt_version", prompt_version__in=list(version_ids))
    return volumes_of(days, {version: row for (version,), row in sums.items()})


def volumes_of(days: Days, sums: Mapping[int, Row]) -> dict[int, Volume]:
    few = [version for version, row in sums.items() if row["n"] <= SORTED]
    many = [version for version in sums if version not in few]
    quick = latencies(days.all, few) if few else {}
    quick |= {version: summary(steps) for version, steps in days.steps(many).items() if steps} if many else {}
    found = {}
    for version, row in sums.items():
        median, slow = quick.get(version, (None, None))
        tokens = row["tokens"] / row["n_both"] if row["n_both"] else None
        mean, spread = moments(row["n_cost"], row["spent"], row["squares"])
        found[version] = Volume(row["n"], tokens, mean, spread, row["n_cost"], median, slow)
    return found


def moments(n: int, total: float | None, squares: float | None) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation from sums; SQLite's own fails on one row."""
    if not n or total is None or squares is None:
        return None, None
    mean = total / n
    return mean, math.sqrt(max(0.0, squares - n * mean**2) / (n - 1)) if n > 1 else None


def latencies(rows: QuerySet[Response], version_ids: Iterable[int]) -> dict[int, tuple[float, int]]:
    """(median, 95th percentile) in milliseconds by prompt version; the database sorts, three rows a version are read.

    The median of an even number is the mean of the middle two. The percentile is the nearest rank: the smallest value
    that at least 95 % do not exceed.
    """
    by_version = [F(VERSION_ID)]
    ranked = (
        rows.filter(prompt_version__in=list(version_ids), latency_ms__isnull=False)
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
        version: ranked_summary(values)
        for version, values in by_version_id(ranked.values_list(VERSION_ID, "latency_ms", "rank", "size"))
    }


def by_version_id(rows: Iterable[tuple[int, int, int, int]]) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    of_version: dict[int, list[tuple[int, int, int]]] = {}
    for version, latency, rank, size in rows:
        of_version.setdefault(version, []).append((rank, latency, size))
    yield from of_version.items()


def ranked_summary(values: list[tuple[int, int, int]]) -> tuple[float, int]:
    size = values[0][2]
    middle = [latency for rank, latency, _ in values if size / 2 <= rank <= size / 2 + 1]
    slow = min(latency for rank, latency, _ in values if rank >= 0.95 * size)
    return sum(middle) / len(middle), slow
