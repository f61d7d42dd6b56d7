"""Whether an answer is what was expected, criterion by criterion; pure, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any

from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics.rankings import Tiers, places

Kind = Criterion.Kind
UNCHECKED = {Kind.TEXT, Kind.CORRECTION}
SIXTH = 6  # of each two responses of a ranking, so many in another order are right: by chance hardly anybody is
OVERLAP = 0.5  # F1 of marked code points from which on marks are right, when nothing else is said


def compare(
    criteria: Sequence[Criterion], expected: Mapping[str, Any], given: Mapping[str, Any], tolerance: Mapping[str, float]
) -> dict[str, bool]:
    """By criterion of those that have an expected answer and are checked: whether the given one is right."""
    checked = [c for c in criteria if c.key in expected and c.kind not in UNCHECKED]
    return {c.key: is_right(c, expected[c.key], given.get(c.key), tolerance.get(c.key)) for c in checked}


def is_right(criterion: Criterion, expected: Any, given: Any, tolerance: float | None) -> bool:
    """Scales: within the tolerance (default 0). Sets: Jaccard at least (default 1). Marks: F1 at least (default 0.5).
    Turns: such a share of those expected at least (default 1).

    Comparisons: the same outcome, for the same response, whatever side it was shown on; not how strongly. An answer
    that was left out is wrong; no marks at all are right when none are expected. Rankings: no more than so many of each
    two in another order (default 0).
    """
    if criterion.kind == Kind.SPANS:
        return overlap(expected, given or []) >= (OVERLAP if tolerance is None else tolerance)
    if given is None:
        return False
    if criterion.kind == Kind.SCALE:
        return bool(abs(given - expected) <= (tolerance or 0) + 1e-9)
    if criterion.kind == Kind.MULTI_CHOICE:
        return jaccard(set(expected), set(given)) >= (1.0 if tolerance is None else tolerance)
    if criterion.kind == Kind.PER_TURN:
        n_same = sum(given.get(turn) == value for turn, value in expected.items())
        return n_same >= (1.0 if tolerance is None else tolerance) * len(expected) - 1e-9
    if criterion.kind == Kind.COMPARISON:
        return outcome(expected) == outcome(given)
    if criterion.kind in RANKED:
        return distance(expected, given) <= (tolerance or 0)
    return bool(expected == given)


def outcome(answer: Mapping[str, Any]) -> tuple[str, int | None]:
    return answer["outcome"], answer.get("preferred")


def distance(one: Tiers, other: Tiers) -> int:
    """Kendall's: of how many of each two they say something else; the same place is an answer of its own."""
    mine, theirs = places(one), places(other)
    return sum(order(mine, *pair) != order(theirs, *pair) for pair in combinations(sorted(mine), 2))


def order(place: Mapping[int, int], one: int, other: int) -> int:
    gap = place.get(one, 0) - place.get(other, 0)
    return (gap > 0) - (gap < 0)


def jaccard(one: set[str], other: set[str]) -> float:
    """Shared of all; 1 for two empty sets."""
    return len(one & other) / len(one | other) if one | other else 1.0


def overlap(expected: Iterable[Mapping[str, Any]], given: Iterable[Mapping[str, Any]]) -> float:
    """F1 of the code points marked, whatever their kind; 1 when neither marked anything."""
    one, other = marked(expected), marked(given)
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def marked(marks: Iterable[Mapping[str, Any]]) -> set[tuple[int, int, int]]:
    return {
        (mark["response"], mark.get("passage") or 0, at) for mark in marks for at in range(mark["start"], mark["end"])
    }


def most_room(criterion: Criterion) -> float:
    """The most that may be right: the whole of a scale, a thousand pairs of a ranking, all of a share."""
    if criterion.kind == Kind.SCALE:
        return float(max(1_000, criterion.options["max"] - criterion.options["min"]))
    return 1_000 if criterion.kind in RANKED else 1


def default_tolerance(criteria: Iterable[Criterion]) -> dict[str, float]:
    """One step of a scale, half of the marked words, a whole set, all turns, a sixth of a ranking's pairs."""
    found: dict[str, float] = {}
    for criterion in criteria:
        if criterion.kind == Kind.SCALE:
            found[criterion.key] = float(criterion.options.get("step", 1))
        elif criterion.kind == Kind.SPANS:
            found[criterion.key] = OVERLAP
        elif criterion.kind in {Kind.MULTI_CHOICE, Kind.PER_TURN}:
            found[criterion.key] = 1.0
        elif criterion.kind in RANKED:
            found[criterion.key] = float(comb(criterion.options["responses"], 2) // SIXTH)
    return found
