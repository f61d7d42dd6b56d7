"""Figures about a version that a trainer should know before using it. All are shares of pairs or votes, in [0, 1]."""

from __future__ import annotations

from collections import Counter
from typing import Any

from feedback.datasets.models import DatasetVersion, VersionRow


def percentiles(values: list[int]) -> dict[str, int]:
    """Nearest-rank percentiles 50, 90, 99 and the largest, in characters."""
    if not values:
        return {}
    ranked = sorted(values)
    at = {name: ranked[min(len(ranked) - 1, max(0, -(-len(ranked) * p // 100) - 1))] for name, p in (("p50", 50), ("p90", 90), ("p99", 99))}
    return {**at, "max": ranked[-1]}


def summary(version: DatasetVersion) -> dict[str, Any]:
    """Balance, length bias and vote shares of the pairs; position bias of the votes."""
    by_source, by_split, by_model = Counter[str](), Counter[str](), Counter[str]()
    longer, shares, lengths = 0, 0.0, []
    rows = version.pairs.order_by("position").values_list("source", "split", "chosen", "rejected", "vote_share", "provenance")
    for source, split, chosen, rejected, share, provenance in rows.iterator(chunk_size=500):
        by_source[source] += 1
        by_split[split] += 1
        by_model[provenance["chosen"]["model"]] += 1
        size, other = len(chosen[0]["content"]), len(rejected[0]["content"])
        longer += size > other
        shares += share
        lengths += [size, other]
    n = sum(by_source.values())
    return {
        "by_source": dict(by_source),
        "by_split": dict(by_split),
        "chosen_by_model": dict(by_model.most_common()),
        "mean_vote_share": round(shares / n, 6) if n else None,
        "chosen_is_longer": round(longer / n, 6) if n else None,
        "answer_characters": percentiles(lengths),
        **position_bias(version),
    }


def position_bias(version: DatasetVersion) -> dict[str, Any]:
    """Share of decided votes for the response that was shown first, among votes whose order is known; 1/2 is no bias."""
    first = decided = 0
    for vote in version.rows.filter(kind=VersionRow.Kind.VOTE).values_list("data", flat=True).iterator(chunk_size=500):
        order = vote.get("shown_order")
        if order and vote["choice"] in order:
            decided += 1
            first += vote["choice"] == order[0]
    return {"first_shown_wins": round(first / decided, 6) if decided else None, "decided_votes": decided}
