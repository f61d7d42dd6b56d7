"""Figures about a version that a trainer should know before using it. All shares lie in [0, 1].

They are counted as rows are written (`Sums`, kept in the build's cursor), so that sealing a version reads nothing
again. Lengths are kept to two significant digits: percentiles of a million answers from a few hundred counters.

Agreement here is that of the votes behind the pairs; a coefficient that takes chance into account (α, κ) belongs to all
votes of a queue, and is told where reviewers are (reviews/quality). Intervals are Wilson's at 95 %: they take votes and
pairs for independent, so they are a little narrow where few reviewers gave many votes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from feedback.datasets.models import PreferencePair
from feedback.statistics.intervals import wilson

Sums = dict[str, Any]
VOTED = {PreferencePair.Source.COMPARISON, PreferencePair.Source.RANKING}
PERCENTILES = {"p50": 50, "p90": 90, "p99": 99, "max": 100}


def empty() -> Sums:
    return {
        "pairs": 0, "by_source": {}, "by_split": {}, "by_model": {}, "excluded": {}, "lengths": {}, "longer": 0,
        "share": 0.0, "first": 0, "decided": 0, "comparisons": 0, "votes": 0, "cases": 0, "tools": 0, "leading": {},
        "rated": {}, "sided": 0, "log_ratio": 0.0, "votes_for": 0, "votes_against": 0, "votes_tied": 0, "agreeing": 0.0,
        "agreed_on": 0, "unanimous": 0, "sides": {"model": {}, "prompt_version": {}}, "labels": {}, "outcomes": {},
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
        sums["sided"] += chosen != rejected
        sums["log_ratio"] += math.log((chosen + 1) / (rejected + 1))
        add_agreement(sums, pair)
        add_sides(sums["sides"], pair)
        sums["share"] += pair.vote_share
        sums["tools"] += bool(pair.tools)
        for feature in features(pair):
            sums["leading"].setdefault(pair.split, {}).setdefault(feature, pair.position)


def add_agreement(sums: Sums, pair: PreferencePair) -> None:
    """Of pairs that were voted on: how the votes fell, and the chance that two, drawn at random, say the same."""
    if pair.source not in VOTED or not pair.n_votes:
        return
    cast = (pair.votes_for, pair.votes_against, pair.votes_tied)
    for name, n in zip(("votes_for", "votes_against", "votes_tied"), cast, strict=True):
        sums[name] += n
    if pair.n_votes > 1:
        sums["agreed_on"] += 1
        sums["agreeing"] += sum(map(couples, cast)) / couples(pair.n_votes)
        sums["unanimous"] += pair.votes_for == pair.n_votes


def couples(n: int) -> int:
    return n * (n - 1) // 2


def add_sides(sides: dict[str, dict[str, list[int]]], pair: PreferencePair) -> None:
    """How often each model and prompt version was chosen and rejected. A rewrite is nobody's answer."""
    for place, side in enumerate(("chosen", "rejected")):
        about = pair.provenance[side]
        for kind, found in sides.items():
            if not about.get("rewritten"):
                found.setdefault(about[kind], [0, 0])[place] += 1


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
    """How cases came out, and how many have ratings, by rubric version: see shapes/attributes.py."""
    for case in cases:
        count(sums.setdefault("outcomes", {}), case["outcome"])
        if any(answer["kind"] == "scale" for answer in case["answers"].values()):
            count(sums.setdefault("rated", {}), case["rubric"])


def add_votes(sums: Sums, comparisons: Iterable[list[dict[str, Any]]]) -> None:
    """A vote says something about position when it was for one response and the order shown is known."""
    for votes in comparisons:
        sums["comparisons"] += 1
        sums["votes"] += len(votes)
        for vote in votes:
            count_position(sums, vote)
            label = vote["choice"] if vote["choice"] in {"tie", "both_bad", "ranked"} else "preferred"
            count(sums.setdefault("labels", {}), label)


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
        "agreement": {
            "mean_vote_share": share(sums["share"], sums["pairs"]),
            "two_votes_agree": share(sums["agreeing"], sums["agreed_on"]),
            "unanimous": share(sums["unanimous"], sums["agreed_on"]),
            "pairs_with_votes": sums["agreed_on"],
        },
        "flip_rate": rate(sums["votes_against"], sums["votes_for"] + sums["votes_against"]),
        "length_bias": {
            **rate(sums["longer"], sums["sided"]),
            "mean_log_ratio": share(sums["log_ratio"], sums["pairs"]),
        },
        "position_bias": rate(sums["first"], sums["decided"]),
        "labels": dict(sorted(sums["labels"].items())),
        "outcomes": dict(sorted(sums["outcomes"].items())),
        "by_model": won(sums["sides"]["model"]),
        "by_prompt_version": won(sums["sides"]["prompt_version"]),
    }


def rate(part: int, whole: int) -> dict[str, Any]:
    """A share with its interval; without cases, neither."""
    if not whole:
        return {"rate": None, "low": None, "high": None, "n": 0}
    low, high = wilson(part, whole)
    return {"rate": share(part, whole), "low": round(low, 6), "high": round(high, 6), "n": whole}


def won(sides: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Each name with how often it was chosen, of all pairs that it is part of; those in most pairs first."""
    ranked = sorted(sides.items(), key=lambda entry: (-sum(entry[1]), entry[0]))
    return [
        {"name": name, "chosen": chosen, "rejected": rejected, **rate(chosen, chosen + rejected)}
        for name, (chosen, rejected) in ranked
    ]
