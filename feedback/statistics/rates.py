"""Rates of a population from a sample whose inclusion probabilities are known."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feedback.statistics.intervals import Interval, wilson_at_effective_n

FEW = 5  # labels of an outcome below which the variance of a weighted rate says little


class Estimate(NamedTuple):
    """A rate, its variance, and how many labelled responses it rests on."""

    rate: float
    variance: float
    n: int


def hajek(values: Iterable[float], probabilities: Iterable[float]) -> Estimate | None:
    """Hájek's weighted mean, the default (Hájek 1971); None without values.

    ŷ = Σ(y/π) / Σ(1/π), variance under Poisson sampling Σ (1−π)/π² (y−ŷ)² / N̂² with N̂ = Σ 1/π.
    The variance is 0 when all values agree: use `kish_n` of the weights for an interval then.
    """
    sample = _sample(values, probabilities)
    if not sample:
        return None
    size = math.fsum(1 / pi for _, pi in sample)
    rate = math.fsum(y / pi for y, pi in sample) / size
    variance = math.fsum((1 - pi) / pi**2 * (y - rate) ** 2 for y, pi in sample) / size**2
    return Estimate(rate, variance, len(sample))


def horvitz_thompson(values: Iterable[float], probabilities: Iterable[float], population: int) -> Estimate:
    """Horvitz and Thompson's mean of a population of known size (Horvitz & Thompson 1952): unbiased, may leave [0, 1].

    ŷ = Σ(y/π) / N, variance under Poisson sampling Σ (1−π)/π² y² / N².
    """
    if population < 1:
        raise ValueError(f"a population of {population} has no mean")
    sample = _sample(values, probabilities)
    rate = math.fsum(y / pi for y, pi in sample) / population
    variance = math.fsum((1 - pi) / pi**2 * y**2 for y, pi in sample) / population**2
    return Estimate(rate, variance, len(sample))


class Tally(NamedTuple):
    """What labels of one outcome add up to: their number, Σ 1/π and Σ 1/π². A database sums them for any number."""

    n: int = 0
    weight: float = 0.0
    square: float = 0.0

    @property
    def kish(self) -> float:
        """Kish's effective sample size (Σw)² / Σw², with w = 1/π."""
        return self.weight**2 / self.square if self.square else 0.0

    @property
    def is_weighted(self) -> bool:
        """Whether the inclusion probabilities differ: only then is Kish's size below n."""
        return self.kish < self.n * (1 - 1e-9)


def together(tallies: Iterable[Tally]) -> Tally:
    """Their sum, part by part."""
    rows = list(tallies)
    return Tally(sum(row.n for row in rows), math.fsum(r.weight for r in rows), math.fsum(r.square for r in rows))


class Rate(NamedTuple):
    """A share with its interval, the labels it rests on, and the simple random sample that would know it as well."""

    value: float
    low: float
    high: float
    n: int
    effective: float
    is_weighted: bool

    @property
    def interval(self) -> Interval:
        return Interval(self.low, self.high)


def rate_of(hits: Tally, misses: Tally, level: float = 0.95) -> Rate | None:
    """The share of hits in a stream of which labelled ones were drawn with known probabilities; None without labels.

    Hájek's p = Σ_hits w / Σ w with w = 1/π, and Wilson's interval at the effective size p(1−p)/v, where
    v = Σ w²(y−p)² / (Σw)². That is the linearised variance for a stream that goes on: unlike `hajek`, whose variance is
    about the stored population, a census still has doubt here. Equal probabilities give n, and so Wilson's interval.
    Where all labels agree, or one outcome has fewer than FEW, the variance rests on too little, and Kish's size is the
    upper bound of the effective size.
    """
    both = together([hits, misses])
    if not both.n:
        return None
    if not both.is_weighted:
        value, effective = hits.n / both.n, float(both.n)
    else:
        value = hits.weight / both.weight
        variance = ((1 - value) ** 2 * hits.square + value**2 * misses.square) / both.weight**2
        effective = value * (1 - value) / variance if variance else both.kish
        if min(hits.n, misses.n) < FEW:
            effective = min(effective, both.kish)
    low, high = wilson_at_effective_n(value, effective, level)
    return Rate(value, low, high, both.n, effective, both.is_weighted)


def _sample(values: Iterable[float], probabilities: Iterable[float]) -> Sequence[tuple[float, float]]:
    sample = list(zip(values, probabilities, strict=True))
    if any(not 0 < pi <= 1 for _, pi in sample):
        raise ValueError("an inclusion probability must be above 0 and at most 1")
    return sample
