"""Rates of a population from a sample whose inclusion probabilities are known."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


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


def _sample(values: Iterable[float], probabilities: Iterable[float]) -> Sequence[tuple[float, float]]:
    sample = list(zip(values, probabilities, strict=True))
    if any(not 0 < pi <= 1 for _, pi in sample):
        raise ValueError("an inclusion probability must be above 0 and at most 1")
    return sample
