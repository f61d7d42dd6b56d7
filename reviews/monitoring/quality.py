"""How good the answers of each prompt version are, and what a good one costs: estimated from settled verdicts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from django.db.models import Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast

from feedback.statistics.intervals import Interval, newcombe
from feedback.statistics.rates import Rate, Tally, rate_of, together
from reviews.monitoring.facts import RESPONSE, Settled, drawn, says, truth
from reviews.monitoring.measures import MEASURES

MINIMUM = 20  # judged responses, and effective ones, below which a rate is not shown
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Group:
    """Verdicts of one prompt version that agree in everything; `w` is 1 / inclusion probability, `c` the cost."""

    said: Mapping[str, int | None]
    is_drawn: bool
    has_cost: bool
    tally: Tally
    wc: float
    wwc: float
    wwcc: float


@dataclass
class Quality:
    """The verdicts on one prompt version."""

    groups: list[Group] = field(default_factory=list)

    def rate(self, measure: str) -> Rate | None:
        """From what was drawn with a known chance; None where that is too little."""
        hits, misses = (self.tally(measure, said) for said in (1, 0))
        rate = rate_of(hits, misses)
        return rate if rate and min(rate.n, rate.effective) >= MINIMUM else None

    def tally(self, measure: str, said: int) -> Tally:
        return together(g.tally for g in self.groups if g.is_drawn and g.said[measure] == said)

    def judged(self, measure: str) -> int:
        """How many verdicts the rate rests on."""
        return self.tally(measure, 1).n + self.tally(measure, 0).n

    def apart(self, measure: str) -> tuple[int, int]:
        """(hits, all) of those judged without a known chance of being drawn; never part of a rate."""
        rows = [g for g in self.groups if not g.is_drawn and g.said[measure] is not None]
        return sum(g.tally.n for g in rows if g.said[measure]), sum(g.tally.n for g in rows)

    def cost_per_passed(self) -> Amount | None:
        """What is spent for each answer that passes: Σwc / Σ_passed w, with its linearised interval.

        The variance of a ratio R = Σwc / Σwp is Σw²(c − Rp)² / (Σwp)² (Särndal, Swensson & Wretman 1992, §5.6), for a
        stream that goes on. None below MINIMUM passed answers.
        """
        rows = [g for g in self.groups if g.is_drawn and g.has_cost and g.said["failure"] is not None]
        passed = [g for g in rows if g.said["failure"] == 0]
        n = sum(g.tally.n for g in passed)
        if n < MINIMUM:
            return None
        spent, weight = math.fsum(g.wc for g in rows), math.fsum(g.tally.weight for g in passed)
        ratio = spent / weight
        squares = math.fsum(g.wwcc for g in rows)
        squares += math.fsum(ratio**2 * g.tally.square - 2 * ratio * g.wwc for g in passed)
        reach = Z * math.sqrt(max(0.0, squares)) / weight
        return Amount(ratio, max(0.0, ratio - reach), ratio + reach, n)


@dataclass(frozen=True)
class Amount:
    value: float
    low: float
    high: float
    n: int


def quality_of(
    settled: Settled, version_ids: Iterable[int], conditions: Mapping[str, Any]
) -> dict[int | None, Quality]:
    """By prompt version id; under None what answered without a prompt version, when no ids are given.

    `conditions` are lookups on the responses. One query of facts; three more when some verdicts have none yet.
    """
    found: dict[int | None, Quality] = defaultdict(Quality)
    ids = list(version_ids)
    for rows in (of_facts(settled, ids, conditions), of_verdicts(settled, ids, conditions)):
        for row in rows:
            found[row["version"]].groups.append(group_of(row))
    return found


def of_facts(settled: Settled, ids: list[int], conditions: Mapping[str, Any]) -> QuerySet[Any, Any]:
    lookups = {name: value for name, value in conditions.items() if name != "responded_at__gte"}
    if "responded_at__gte" in conditions:
        lookups["day__gte"] = conditions["responded_at__gte"].date()
    rows = settled.facts.filter(is_single=True, **lookups, **of_versions("", ids))
    return summed(rows.annotate(version=F("prompt_version")), F("weight"), F("cost"), "cost")


def of_verdicts(settled: Settled, ids: list[int], conditions: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if not settled.read:
        return []
    lookups = {f"{RESPONSE}{name}": value for name, value in conditions.items()}
    rows = settled.verdicts.filter(subject__size=1, **lookups, **of_versions(RESPONSE, ids))
    told = rows.annotate(version=F(f"{RESPONSE}prompt_version"), drawn=drawn(settled.project), **says(settled.criteria))
    cost = Cast(F(f"{RESPONSE}cost"), FloatField())
    return summed(told, 1.0 / F("inclusion_probability"), cost, f"{RESPONSE}cost")


def of_versions(prefix: str, ids: list[int]) -> dict[str, Any]:
    return {f"{prefix}prompt_version__in": ids} if ids else {f"{prefix}prompt_version__isnull": True}


def summed(rows: QuerySet[Any], weight: Any, cost: Any, cost_column: str) -> QuerySet[Any, Any]:
    """By version and outcome, what rates and their intervals rest on."""
    keys = [f"says_{name}" for name in MEASURES]
    costed = rows.annotate(costed=truth(Q(**{f"{cost_column}__isnull": False})))
    return (
        costed.order_by()
        .values("version", "drawn", "costed", *keys)
        .annotate(
            n=Count("pk"),
            w=Sum(weight),
            ww=Sum(weight * weight),
            wc=Sum(weight * cost),
            wwc=Sum(weight * weight * cost),
            wwcc=Sum(weight * weight * cost * cost),
        )
    )


def group_of(row: dict[str, Any]) -> Group:
    return Group(
        said={name: row[f"says_{name}"] for name in MEASURES},
        is_drawn=row["drawn"],
        has_cost=row["costed"],
        tally=Tally(row["n"], row["w"] or 0.0, row["ww"] or 0.0),
        **{name: row[name] or 0.0 for name in ("wc", "wwc", "wwcc")},
    )


def difference(newer: Rate | None, older: Rate | None) -> Interval | None:
    """The interval of newer - older, where both are known."""
    if newer is None or older is None:
        return None
    return newcombe(newer.value, newer.interval, older.value, older.interval)
