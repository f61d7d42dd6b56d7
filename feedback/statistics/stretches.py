"""What several people marked in one text, as stretches with votes. Pure, without numpy: settling needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_high, median_low
from typing import NamedTuple

SAME = 0.5  # of the shorter one of two marks, for both to be of the same thing


class Mark(NamedTuple):
    """Half open, with what it was called."""

    start: int
    end: int
    kind: str = ""
    severity: str = ""


@dataclass(frozen=True)
class Stretch:
    """Where those who marked it see it, how many people they are, and how many of them call it what."""

    start: int
    end: int
    votes: int
    kinds: dict[str, int]
    severities: dict[str, int]


def merged(hands: Sequence[Sequence[Mark]]) -> list[Stretch]:
    """The marks of several people, in the order of the text; whether their edges meet is a matter of taste.

    Marks of two people are of the same thing where they share half of the shorter one, and what is linked so is one
    stretch. Each person's part of it reaches from their first mark to their last; it begins at the median of their
    beginnings and ends at that of their ends (of an even number the inner ones: what more people marked). Two marks of
    one person are one stretch only where another's links them. The order of people changes nothing.
    """
    owned = sorted({(mark, person) for person, marks in enumerate(hands) for mark in marks if mark.end > mark.start})
    groups = _linked([mark for mark, _ in owned], [person for _, person in owned])
    return sorted((_stretch([owned[at] for at in group]) for group in groups), key=lambda one: (one.start, one.end))


def _linked(marks: Sequence[Mark], people: Sequence[int]) -> Iterable[list[int]]:
    leader = list(range(len(marks)))

    def first(at: int) -> int:
        while leader[at] != at:
            at = leader[at] = leader[leader[at]]
        return at

    for one, mark in enumerate(marks):
        for other in range(one + 1, len(marks)):
            if marks[other].start >= mark.end:
                break
            if people[one] != people[other] and is_same(mark, marks[other]):
                leader[max(first(one), first(other))] = min(first(one), first(other))
    groups: dict[int, list[int]] = {}
    for at in range(len(marks)):
        groups.setdefault(first(at), []).append(at)
    return groups.values()


def is_same(one: Mark, other: Mark) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0 and shared >= SAME * min(one.end - one.start, other.end - other.start)


def _stretch(owned: Sequence[tuple[Mark, int]]) -> Stretch:
    parts: dict[int, list[Mark]] = {}
    for mark, person in owned:
        parts.setdefault(person, []).append(mark)
    start = median_high(min(mark.start for mark in marks) for marks in parts.values())
    end = median_low(max(mark.end for mark in marks) for marks in parts.values())
    if end <= start:  # of two halves that a third person's mark holds together
        start, end = min(mark.start for mark, _ in owned), max(mark.end for mark, _ in owned)
    kinds = Counter(kind for marks in parts.values() for kind in {mark.kind for mark in marks if mark.kind})
    severities = Counter(one for marks in parts.values() for one in {mark.severity for mark in marks if mark.severity})
    return Stretch(start, end, len(parts), dict(sorted(kinds.items())), dict(sorted(severities.items())))
