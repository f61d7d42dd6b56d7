"""What labels take: active hours of reviewers, reviews and cost for each verdict, by queue or time. For workers.

Time is what the page measured: seconds in sight with a key or pointer in the last minute. What else is assumed stands
in `MOST` and `Line.hours`, and on the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Least, TruncMonth, TruncWeek
from django.utils import timezone

from feedback.judgements.models import Review, Verdict
from reviews.quality.effort_models import HourlyCost
from reviews.queues.models import Queue

Heartbeat = Callable[[], None]

MOST = 30 * 60 * 1000  # milliseconds of one review; what is longer was a pause
HOUR = 3_600_000
ROWS = 200
STEPS: Mapping[str, Any] = {"week": TruncWeek, "month": TruncMonth}


@dataclass
class Line:
    """Of one queue or step: all reviews, those with a time, those that were cut; the verdicts that stand."""

    reviews: int = 0
    timed: int = 0
    cut: int = 0
    active: int = 0
    verdicts: int = 0

    @property
    def hours(self) -> float | None:
        """Reviews without a time are taken to last as long as the others of the line; without any, nothing is known."""
        return self.active / HOUR * self.reviews / self.timed if self.timed else 0.0 if not self.reviews else None

    def told(self, key: str, label: str, cost: float | None) -> dict[str, Any]:
        hours, spent = self.hours, None
        if hours is not None and cost is not None:
            spent = hours * cost
        each = self.verdicts or None
        return {
            "key": key, "label": label, "reviews": self.reviews, "timed": self.timed, "cut": self.cut,
            "verdicts": self.verdicts, "hours": hours, "cost": spent,
            "minutes_per_review": hours * 60 / self.reviews if hours is not None and self.reviews else None,
            "reviews_per_verdict": self.reviews / each if each else None,
            "hours_per_verdict": hours / each if each and hours is not None else None,
            "cost_per_verdict": spent / each if each and spent is not None else None,
        }  # fmt: skip


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Heartbeat) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    set_to = HourlyCost.objects.filter(project=project_id).first()
    cost = float(set_to.amount) if set_to else None
    lines: defaultdict[str, Line] = defaultdict(Line)
    whole = Line()
    for key, row in spent_on(project_id, filters):
        for line in (lines[key], whole):
            line.reviews, line.timed = line.reviews + row["n"], line.timed + row["timed"]
            line.cut, line.active = line.cut + row["cut"], line.active + (row["active"] or 0)
    heartbeat()
    for key, n in settled_of(project_id, filters):
        lines[key].verdicts += n
        whole.verdicts += n
    names = {} if filters.get("by") else dict(Queue.objects.filter(project=project_id).values_list("key", "name"))
    ordered = sorted(lines, reverse=bool(filters.get("by")))[:ROWS]
    return {
        "hourly_cost": cost,
        "currency": set_to.currency if set_to else "",
        "most_minutes": MOST // 60_000,
        "all": whole.told("", "All", cost),
        "rows": [lines[key].told(key, names.get(key, key), cost) for key in ordered],
    }


def spent_on(project_id: int, filters: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every review that people of the project sent: what was taken back, too late or gold took time too."""
    rows = Review.objects.filter(project=project_id, reviewer__source="", submitted_at__isnull=False)
    found = grouped(narrowed(rows, filters, "submitted_at"), filters, "submitted_at").annotate(
        n=Count("pk"),
        timed=Count("pk", filter=Q(active_ms__gt=0)),
        cut=Count("pk", filter=Q(active_ms__gt=MOST)),
        active=Sum(Least(F("active_ms"), Value(MOST)), filter=Q(active_ms__gt=0)),
    )
    return [(name_of(row["group"], filters), row) for row in found]


def settled_of(project_id: int, filters: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Verdicts that stand, of reviewers and moderators, by when they were settled; none of imported labels or gold."""
    methods = [Verdict.Method.CONSENSUS, Verdict.Method.ADJUDICATED]
    imports = Queue.objects.filter(project=project_id, takes_imports=True).values("key")
    rows = Verdict.objects.current().filter(project=project_id, method__in=methods).exclude(origin__in=imports)
    found = grouped(narrowed(rows, filters, "created_at"), filters, "created_at").annotate(n=Count("pk"))
    return [(name_of(row["group"], filters), row["n"]) for row in found]


def narrowed(rows: QuerySet[Any], filters: Mapping[str, Any], at: str) -> QuerySet[Any]:
    if filters.get("queue"):
        rows = rows.filter(origin=filters["queue"])
    if filters.get("days"):
        since = timezone.now() - timedelta(days=int(filters["days"]))
        rows = rows.filter(**{f"{at}__gte": since})
    return rows


def grouped(rows: QuerySet[Any], filters: Mapping[str, Any], at: str) -> QuerySet[Any, Any]:
    step = STEPS.get(str(filters.get("by", "")))
    group: Any = step(at) if step else Cast("origin", CharField())
    return rows.order_by().annotate(group=group).values("group")


def name_of(group: Any, filters: Mapping[str, Any]) -> str:
    return group.date().isoformat() if filters.get("by") in STEPS else str(group)
