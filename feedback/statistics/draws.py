"""Replayable draws from stored uniform keys.

Each response carries a `draw_key`, uniform in [0, 1) on a grid of 2**-52 (`feedback.text.hashes.draw_key`). A uniform
rule takes those keys that lie in an interval as long as its rate, shifted by an offset of its own, going round at 1.
The draw is an index range, needs no state, and is the same whenever it is replayed; raising the rate keeps the old
sample.
"""

import hashlib
import math
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

Id = TypeVar("Id", int, str)

GRID = 2**52


class Bounds(NamedTuple):
    """Draw keys with low <= key < high."""

    low: float
    high: float


def offset(seed: str | int) -> float:
    """Where a rule's interval starts, in [0, 1): the first 13 hex digits of sha256(seed) / 2**52."""
    return int(hashlib.sha256(str(seed).encode()).hexdigest()[:13], 16) / GRID


def interval_bounds(offset: float, rate: float) -> list[Bounds]:
    """The one or two ranges of keys that a uniform rule takes, ascending: what a query asks the index for."""
    if not 0 <= offset < 1:
        raise ValueError(f"an offset of {offset} is not in [0, 1)")
    rate = inclusion_probability(rate)
    end = offset + rate
    if rate == 1:
        ranges = [Bounds(0.0, 1.0)]
    elif end <= 1:
        ranges = [Bounds(offset, end)]
    else:
        ranges = [Bounds(0.0, end - 1), Bounds(offset, 1.0)]
    return [bounds for bounds in ranges if bounds.low < bounds.high]


def interval_draw(draw_key: float, offset: float, rate: float) -> bool:
    """Does a uniform rule take this response? The same answer as a query over `interval_bounds`, to the bit."""
    return any(low <= draw_key < high for low, high in interval_bounds(offset, rate))


def inclusion_probability(rate: float) -> float:
    """Of a uniform draw: its rate. ValueError unless it lies between 0 and 1."""
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate of {rate} is not between 0 and 1")
    return rate


def union_probability(rules: Iterable[tuple[float, float]]) -> float:
    """The chance that at least one of several uniform rules (offset, rate) takes a response: their union's length."""
    pieces = sorted(bounds for offset, rate in rules for bounds in interval_bounds(offset, rate))
    lengths = []
    reached = 0.0
    for low, high in pieces:
        lengths.append(max(0.0, high - max(low, reached)))
        reached = max(reached, high)
    return min(1.0, math.fsum(lengths))


def rank(draw_key: float, offset: float) -> float:
    """How far a key lies after the offset, going round: the order in which a draw of fixed size takes responses."""
    distance = draw_key - offset
    return distance if distance >= 0 else distance + 1


def first_n(population: Iterable[tuple[float, Id]], offset: float, n: int) -> list[Id]:
    """A draw of fixed size: the n ids of (draw_key, id) that come first after the offset; equal keys by id.

    Deterministic bottom-k (Ohlsson 1998): n + 1 keeps the old n.
    """
    ordered = sorted(population, key=lambda row: (rank(row[0], offset), row[1]))
    return [name for _, name in ordered[: max(0, n)]]


def fixed_size_probability(n: int, population: int) -> float:
    """The inclusion probability of a draw of n from N: n/N, at most 1."""
    if n < 0 or population < 0:
        raise ValueError("sizes cannot be negative")
    return min(1.0, n / population) if population else 0.0
