"""Figures about a version that a trainer should know before using it. All shares lie in [0, 1].

They are counted as rows are written (`Sums`, kept in the build's cursor), so that sealing a version reads nothing
again. Lengths are kept to two significant digits: percentiles of a million answers from a few hundred counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from feedback.datasets.models import PreferencePair

Sums = dict[str, Any]
PERCENTILES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}


def empty() -> Sums:
    return {
        "pairs": 0, "by_source": {}, "by_split": {}, "by_model": {}, "excluded": {}, "lengths": {}, "longer": 0,
        "share": 0.0, "first": 0, "decided": 0, "comparisons": 0, "votes": 0, "cases": 0, "tools": 0, "leading": {},
        "rated": {},
    }  # fmt: skip


def count(counts: dict[str, int], name: Any) -> None:
    counts[str(name)] = counts.get(str(name), 0) + 1


def rounded(length: int) -> int:
    """To two significant digits."""
    unit = 10 ** max(0, len(str(length)) - 2)
    return round(length / unit) * unit


def add_pairs(sums: Sums, pairs: Iterable[PreferencePair]) -> None:
    for pair in pairs:
        sums["pairs"] += 1
        count(sums["by_source"], pair.source)
        count(sums["by_split"], pair.split)
        count(sums["by_model"], pair.provenance["chosen"]["model"])
        chosen, rejected = len(pair.chosen[0]["content"]), len(pair.rejected[0]["content"])
        count(sums["lengths"], rounded(chosen))
        count(sums["lengths"], rounded(rejected))
        sums["longer"] += chosen > rejected
        sums["share"] += pair.vote_share
        sums["tools"] += bool(pair.tools)
        for feature in features(pair):
            sums["leading"].setdefault(pair.split, {}).setdefault(feature, pair.position)


def features(pair: PreferencePair) -> Iterator[str]:
    """What a reader that guesses types from the first rows must have seen: see `leading` in shapes/pairs.py."""
    for column in ("strength", "tools"):
        if getattr(pair, column):
            yield column
    if pair.provenance["reviewers"]:
        yield "annotators"
    for column in ("prompt", "chosen", "rejected"):
        has_more = any(message.keys() - {"role", "content"} for message in getattr(pair, column))
        yield f"{column} with more" if has_more else f"{column} of text"


def add_rated(sums: Sums, cases: Iterable[dict[str, Any]]) -> None:
    """How many cases have ratings, by rubric version: see shapes/attributes.py."""
    for case in cases:
        if any(answer["kind"] == "scale" for answer in case["answers"].values()):
            count(sums.setdefault("rated", {}), case["rubric"])


def add_votes(sums: Sums, comparisons: Iterable[list[dict[str, Any]]]) -> None:
    """A vote says something about position when it was for one response and the order shown is known."""
    for votes in comparisons:
        sums["comparisons"] += 1
        sums["votes"] += len(votes)
        for vote in votes:
            count_position(sums, vote)


def count_position(sums: Sums, vote: dict[str, Any]) -> None:
    order = vote["shown_order"]
    if order and vote["choice"] in order:
        sums["decided"] += 1
        sums["first"] += vote["choice"] == order[0]


def percentiles(lengths: dict[str, int]) -> dict[str, int]:
    """Nearest-rank percentiles, in characters."""
    ranked = sorted((int(length), n) for length, n in lengths.items())
    total, found = sum(lengths.values()), {}
    for name, p in PERCENTILES.items():
        rank, seen = -(-total * p // 100), 0
        for length, n in ranked:
            seen += n
            if seen >= rank:
                found[name] = length
                break
    return found


def share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def summary(sums: Sums) -> dict[str, Any]:
    """Balance, length bias and vote shares of the pairs; position bias of the votes (1/2 is none)."""
    models = sorted(sums["by_model"].items(), key=lambda entry: (-entry[1], entry[0]))
    return {
        "by_source": sums["by_source"],
        "by_split": sums["by_split"],
        "chosen_by_model": dict(models),
        "mean_vote_share": share(sums["share"], sums["pairs"]),
        "chosen_is_longer": share(sums["longer"], sums["pairs"]),
        "answer_characters": percentiles(sums["lengths"]),
        "first_shown_wins": share(sums["first"], sums["decided"]),
        "decided_votes": sums["decided"],
        "pairs_with_tools": sums["tools"],
    }
