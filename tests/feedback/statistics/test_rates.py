"""Weighted rates: hand-computed values, and their behaviour over repeated samples."""

import random
from math import fsum
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.intervals import effective_n, wilson_at_effective_n
from feedback.statistics.rates import Tally, hajek, horvitz_thompson, rate_of

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


def tallies(values: list[int], chances: list[float]) -> tuple[Tally, Tally]:
    """(hits, misses) as a database would sum them."""
    both = []
    for outcome in (1, 0):
        weights = [1 / pi for y, pi in zip(values, chances, strict=True) if y == outcome]
        both.append(Tally(len(weights), fsum(weights), fsum(w * w for w in weights)))
    return both[0], both[1]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 50, 0, 0.0713), (3, 100, 0.0103, 0.0845), (12, 200, 0.0347, 0.1019)]
)
def test_a_uniform_draw_gets_wilsons_interval_whatever_its_rate(hits: int, n: int, low: float, high: float) -> None:
    """The reference values of STATISTICS §6."""
    for pi in (0.05, 0.3, 1.0):
        rate = rate_of(*tallies([1] * hits + [0] * (n - hits), [pi] * n))
        assert rate is not None
        assert (rate.value, rate.low, rate.high) == pytest.approx((hits / n, low, high), abs=5e-5)
        assert (rate.n, rate.effective, rate.is_weighted) == (n, n, False)


def test_a_weighted_rate_by_hand() -> None:
    """w = 2, 4, 1 with y = 1, 0, 1: p = 3/7, v = (4/7)²·5/49 + (3/7)²·16/49; few labels, so Kish's 49/21 at most."""
    hits, misses = tallies([1, 0, 1], [0.5, 0.25, 1])
    rate = rate_of(hits, misses)
    assert rate is not None
    assert rate.value == pytest.approx(3 / 7)
    assert rate.effective == pytest.approx(min((12 / 49) / ((16 * 5 + 9 * 16) / 49 / 49), 49 / 21))
    assert rate.is_weighted


def test_labels_that_all_agree_are_worth_no_more_than_kish_says() -> None:
    rate = rate_of(*tallies([0] * 40, [0.1] * 20 + [1.0] * 20))
    assert rate is not None
    assert rate.value == rate.low == 0
    assert rate.effective == pytest.approx(220**2 / 2020)
    assert rate_of(Tally(), Tally()) is None


def test_weighting_is_undone_and_the_interval_holds_the_truth() -> None:
    """STATISTICS S3 and S4 for a stream that goes on: fresh responses each time, suspects drawn four times as often."""
    source, truth, covered, off = random.Random(22), 0.12, 0, 0.0
    for _ in range(600):
        values, chances = [], []
        for _ in range(1500):
            y = int(source.random() < truth)
            pi = 0.4 if y or source.random() < 0.25 else 0.1
            if source.random() < pi:
                values.append(y)
                chances.append(pi)
        rate = rate_of(*tallies(values, chances))
        assert rate is not None
        covered += rate.low <= truth <= rate.high
        off += (rate.value - truth) / 600
        assert fmean(values) > rate.value
    assert abs(off) <= 0.005
    assert 0.93 <= covered / 600 <= 0.975


def test_rare_harms_in_a_small_weighted_draw_are_not_claimed_too_surely() -> None:
    """A rate of 2 % with about 120 labels: often fewer than five hits, where the variance alone would be too sure."""
    source, truth, covered = random.Random(23), 0.02, 0
    for _ in range(800):
        values, chances = [], []
        for _ in range(600):
            y = int(source.random() < truth)
            pi = 0.6 if (source.random() < (0.7 if y else 0.1)) else 0.15
            if source.random() < pi:
                values.append(y)
                chances.append(pi)
        rate = rate_of(*tallies(values, chances))
        covered += rate is not None and rate.low <= truth <= rate.high
    assert covered / 800 >= 0.93
