"""Wilson's interval against published and tabulated values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.intervals import effective_n, kish_n, newcombe, wilson, wilson_at_effective_n


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 50, 0, 0.0713),
        (3, 100, 0.0103, 0.0845),
        (12, 200, 0.0347, 0.1019),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_it_agrees_with_published_values(k: int, n: int, low: float, high: float) -> None:
    """The first four are those of the team's statistics notes, the last two of Newcombe (1998), table I."""
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_it_holds_the_share_and_mirrors_its_complement(case: tuple[int, int], level: float) -> None:
    k, n = case
    low, high = wilson(k, n, level)
    assert 0 <= low <= k / n <= high <= 1
    assert wilson(n - k, n, level) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_its_ends_solve_the_score_equation(case: tuple[int, int]) -> None:
    """Wilson's definition: the ends are those p at which |p̂ − p| is z standard errors of p."""
    k, n = case
    z = 1.959963984540054
    for end in wilson(k, n):
        assert (k / n - end) ** 2 == pytest.approx(z * z * end * (1 - end) / n, abs=1e-9)


def test_more_labels_and_a_lower_level_give_a_narrower_interval() -> None:
    width = [high - low for low, high in (wilson(3, 10), wilson(30, 100), wilson(30, 100, 0.8))]
    assert width[0] > width[1] > width[2]


@pytest.mark.parametrize("n", [100, 200, 400])
def test_it_covers_the_truth_as_often_as_it_says(n: int) -> None:
    """Exact coverage, at least 93 % for n >= 100 and np >= 2 (STATISTICS M1)."""
    for rate in (0.02, 0.05, 0.1, 0.3, 0.5):
        bounds = [wilson(k, n) for k in range(n + 1)]
        covered = math.fsum(
            math.comb(n, k) * rate**k * (1 - rate) ** (n - k)
            for k, (low, high) in enumerate(bounds)
            if low <= rate <= high
        )
        assert covered >= 0.93


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)
    assert wilson_at_effective_n(0.3, 0) == (0, 1)


@pytest.mark.parametrize(("k", "n", "level"), [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1), (1, 5, 0), (math.nan, 5, 0.9)])
def test_it_refuses_what_is_no_share(k: float, n: float, level: float) -> None:
    with pytest.raises(ValueError, match="is not a"):
        wilson(k, n, level)


def test_the_effective_size_of_a_simple_sample_is_its_size() -> None:
    assert effective_n(0.2, 0.2 * 0.8 / 137) == pytest.approx(137)
    assert kish_n([3.0] * 41) == pytest.approx(41)
    assert kish_n([]) == 0
    assert kish_n([10, 0, 0]) == pytest.approx(1)


@pytest.mark.parametrize(("rate", "variance"), [(0, 0.1), (1, 0.1), (0.5, 0), (0.5, -1)])
def test_without_variation_there_is_no_effective_size(rate: float, variance: float) -> None:
    with pytest.raises(ValueError, match="no effective sample size"):
        effective_n(rate, variance)


@given(st.floats(-0.1, 1.1), st.floats(0, 1e6))
def test_a_weighted_rate_gets_an_interval_inside_zero_and_one(rate: float, n: float) -> None:
    low, high = wilson_at_effective_n(rate, n)
    assert 0 <= low <= high <= 1


def test_the_difference_of_two_shares_as_newcombe_published_it() -> None:
    """56 of 70 against 48 of 80: .0524 to .3339 (Newcombe 1998, table II; STATISTICS §6)."""
    low, high = newcombe(56 / 70, wilson(56, 70), 48 / 80, wilson(48, 80))
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    other_way = newcombe(48 / 80, wilson(48, 80), 56 / 70, wilson(56, 70))
    assert other_way == pytest.approx((-high, -low))


def test_the_difference_of_two_shares_holds_the_truth_as_often_as_it_says() -> None:
    """STATISTICS M3, by counting: 150 against 150, p = .08 and .04."""
    chances = [[binomial(150, p, k) for k in range(40)] for p in (0.08, 0.04)]
    covered = 0.0
    for a, chance_a in enumerate(chances[0]):
        for b, chance_b in enumerate(chances[1]):
            low, high = newcombe(a / 150, wilson(a, 150), b / 150, wilson(b, 150))
            covered += chance_a * chance_b * (low <= 0.04 <= high)
    assert 0.93 <= covered <= 0.97


def binomial(n: int, p: float, k: int) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)
