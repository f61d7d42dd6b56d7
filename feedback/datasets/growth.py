"""How many verdicts have come since a version was built: worth another build or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.datasets.rule import Rule, RuleError, parse
from feedback.datasets.snapshot import counting

COUNTED = 1_000


@dataclass(frozen=True)
class Growth:
    count: int
    is_more: bool  # there may be more of them than were counted


def since(datasets: Sequence[tuple[Dataset, DatasetVersion | None]], project: Project) -> dict[int, Growth]:
    """By dataset with a version: verdicts that its rule looks at and that were settled after that version was begun.

    One statement for all: the newest verdicts, counted up to COUNTED. A version that does not know its newest verdict
    (built by an earlier release, or from none) has no answer, except that one from none counts all.
    """
    bounds = {row.pk: version.cursor.get("newest") for row, version in datasets if version is not None}
    known = [bound for bound in bounds.values() if bound is not None]
    if not known:
        return {}
    rows = counting(project.pk, Rule()).filter(pk__gt=min(known)).order_by("-pk")
    newest = list(rows.values_list("pk", "origin", "method")[: COUNTED + 1])
    lowest = newest[-1][0] if len(newest) > COUNTED else 0
    found = {}
    for dataset, _ in datasets:
        bound, rule = bounds.get(dataset.pk), rule_of(dataset)
        if bound is not None:
            count = sum(pk > bound and looks_at(rule, origin, method) for pk, origin, method in newest)
            found[dataset.pk] = Growth(min(count, COUNTED), lowest > bound)
    return found


def rule_of(dataset: Dataset) -> Rule:
    try:
        return parse(dataset.rule)
    except RuleError:
        return Rule()


def looks_at(rule: Rule, origin: str, method: str) -> bool:
    return (not rule.queues or origin in rule.queues) and (not rule.methods or method in rule.methods)
