"""Weighted rates: hand-computed values, and their behaviour over repeated samples."""

import random
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.intervals import effective_n, wilson_at_effective_n
from feedback.statistics.rates import hajek, horvitz_thompson

POPULATION = [
    (1 if number % 7 == 0 else 0, 0.4 if number % 7 == 0 or number % 3 == 0 else 0.1) for number in range(2000)
]
TRUTH = fmean(y for y, _ in POPULATION)


def test_the_formulas_by_hand() -> None:
    """y = 1, 0, 1 with π = .5, .25, 1: Σ1/π = 7, ŷ = 3/7, v = (.5/.25·(4/7)² + .75/.0625·(3/7)²)/49."""
    estimate = hajek([1, 0, 1], [0.5, 0.25, 1])
    assert estimate is not None
    assert estimate.rate == pytest.approx(3 / 7)
    assert estimate.variance == pytest.approx((2 * (4 / 7) ** 2 + 12 * (3 / 7) ** 2) / 49)
    assert estimate.n == 3
    total = horvitz_thompson([1, 0, 1], [0.5, 0.25, 1], 8)
    assert total == pytest.approx((3 / 8, 2 / 64, 3))


def test_a_census_has_no_variance() -> None:
    estimate = hajek([1, 0, 0, 1], [1] * 4)
    assert estimate == (0.5, 0, 4)


def test_equal_probabilities_give_the_plain_mean() -> None:
    estimate = hajek([0, 1, 1, 5], [0.2] * 4)
    assert estimate is not None
    assert estimate.rate == pytest.approx(1.75)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=20), st.randoms())
def test_it_lies_between_the_values_and_does_not_depend_on_order(
    sample: list[tuple[float, float]], shuffler: random.Random
) -> None:
    shuffled = shuffler.sample(sample, len(sample))
    estimate, other = (hajek(*zip(*rows, strict=True)) for rows in (sample, shuffled))
    assert estimate is not None
    assert estimate == other
    assert min(y for y, _ in sample) - 1e-9 <= estimate.rate <= max(y for y, _ in sample) + 1e-9
    assert estimate.variance >= 0


def drawn(source: random.Random) -> tuple[list[int], list[float]]:
    """A Poisson sample that looks for what is suspected: four times as likely to take a suspect."""
    rows = [(y, pi) for y, pi in POPULATION if source.random() < pi]
    return [y for y, _ in rows], [pi for _, pi in rows]


def test_over_many_samples_it_is_unbiased_and_its_interval_holds_the_truth() -> None:
    """STATISTICS S3, smaller: |bias| <= .005 and 93 to 97 % coverage, where the plain mean is far off."""
    source = random.Random(20)
    estimates, plain, covered = [], [], 0
    for _ in range(400):
        values, chances = drawn(source)
        estimate = hajek(values, chances)
        assert estimate is not None
        estimates.append(estimate)
        plain.append(fmean(values))
        low, high = wilson_at_effective_n(estimate.rate, effective_n(estimate.rate, estimate.variance))
        covered += low <= TRUTH <= high
    assert abs(fmean(estimate.rate for estimate in estimates) - TRUTH) <= 0.005
    assert fmean(plain) - TRUTH > 0.1
    assert 0.92 <= covered / 400 <= 0.98
    assert fmean(e.variance for e in estimates) == pytest.approx(variance(e.rate for e in estimates), rel=0.2)


def test_horvitz_thompson_is_unbiased_too() -> None:
    source = random.Random(21)
    rates = [horvitz_thompson(*drawn(source), len(POPULATION)).rate for _ in range(400)]
    assert abs(fmean(rates) - TRUTH) <= 0.005


def test_nothing_labelled_is_no_rate() -> None:
    assert hajek([], []) is None
    with pytest.raises(ValueError, match="has no mean"):
        horvitz_thompson([], [], 0)


@pytest.mark.parametrize("probability", [0, -0.1, 1.1])
def test_impossible_probabilities_are_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="inclusion probability"):
        hajek([1], [probability])


def test_each_value_needs_its_probability() -> None:
    with pytest.raises(ValueError, match="shorter"):
        hajek([1, 0], [0.5])
