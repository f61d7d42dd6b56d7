"""Confidence intervals of a share, and of the difference of two."""

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    low: float
    high: float


def wilson(k: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share: k of n had the property (Wilson 1927).

    (k + z²/2 ± z √(k(1−k/n) + z²/4)) / (n + z²). Of nothing, nothing is known: n = 0 gives (0, 1).
    k and n may be fractions (an effective sample). ValueError unless 0 <= k <= n and 0 < level < 1.
    """
    if not 0 <= k <= n or not math.isfinite(n):
        raise ValueError(f"{k} of {n} is not a share")
    if not 0 < level < 1:
        raise ValueError(f"{level} is not a confidence level")
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = k + z * z / 2
    reach = z * math.sqrt(k * (1 - k / n) + z * z / 4)
    low, high = (centre - reach) / (n + z * z), (centre + reach) / (n + z * z)
    # At the ends the formula gives exactly 0 and 1; rounding must not leave them.
    return Interval(0.0 if k == 0 else max(0.0, low), 1.0 if k == n else min(1.0, high))


def effective_n(rate: float, variance: float) -> float:
    """The simple random sample that would know the rate as well: p(1−p)/v (STATISTICS §4).

    ValueError when the variance is 0 or the rate is 0 or 1: all labels agree, and `kish_n` must stand in.
    """
    if not 0 < rate < 1 or not variance > 0:
        raise ValueError(f"no effective sample size for a rate of {rate} with variance {variance}")
    return rate * (1 - rate) / variance


def kish_n(weights: Iterable[float]) -> float:
    """Kish's effective sample size (Σw)² / Σw²; 0 without weights (Kish 1965)."""
    kept = list(weights)
    squares = math.fsum(weight * weight for weight in kept)
    return math.fsum(kept) ** 2 / squares if squares else 0.0


def wilson_at_effective_n(rate: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's interval of a weighted rate, as if it had been seen in n (effective, fractional) responses."""
    rate = min(1.0, max(0.0, rate))
    return wilson(min(rate * n, n), n, level)


def newcombe(first: float, of_first: Interval, second: float, of_second: Interval) -> Interval:
    """The interval of `first - second`, two independent shares with intervals of their own (Newcombe 1998, method 10).

    d − √((p₁−l₁)² + (u₂−p₂)²) to d + √((u₁−p₁)² + (p₂−l₂)²). With intervals at an effective size it serves weighted
    shares too (Zou & Donner 2008).
    """
    difference = first - second
    below = math.hypot(first - of_first.low, of_second.high - second)
    above = math.hypot(of_first.high - first, second - of_second.low)
    return Interval(max(-1.0, difference - below), min(1.0, difference + above))
