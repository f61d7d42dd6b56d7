"""Replayable draws: the interval, several rules, a fixed size."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.draws import (
    GRID,
    first_n,
    fixed_size_probability,
    inclusion_probability,
    interval_bounds,
    interval_draw,
    offset,
    rank,
    union_probability,
)

on_grid = st.integers(0, GRID - 1).map(lambda number: number / GRID)
rates = st.floats(0, 1) | st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 1.0])
KEYS = [int(hashlib.sha256(str(number).encode()).hexdigest()[:13], 16) / GRID for number in range(20_000)]


def test_the_offset_is_the_published_formula() -> None:
    assert offset("rule 7/3") == int(hashlib.sha256(b"rule 7/3").hexdigest()[:13], 16) / 2**52
    assert offset(7) == offset("7") != offset("8")


@given(on_grid, on_grid, rates)
def test_a_draw_and_its_index_ranges_agree(key: float, start: float, rate: float) -> None:
    bounds = interval_bounds(start, rate)
    assert len(bounds) <= 2
    assert all(0 <= low < high <= 1 for low, high in bounds)
    assert interval_draw(key, start, rate) == any(low <= key < high for low, high in bounds)


@given(on_grid, rates)
def test_the_ranges_are_as_long_as_the_rate(start: float, rate: float) -> None:
    length = sum(high - low for low, high in interval_bounds(start, rate))
    assert length == pytest.approx(inclusion_probability(rate), abs=1e-12)


@given(on_grid, on_grid, rates, rates)
def test_raising_the_rate_keeps_the_old_sample(key: float, start: float, rate: float, other: float) -> None:
    low, high = sorted((rate, other))
    assert interval_draw(key, start, low) <= interval_draw(key, start, high)


def test_the_interval_goes_round_at_one() -> None:
    assert interval_bounds(0.875, 0.25) == [(0.0, 0.125), (0.875, 1.0)]
    assert [interval_draw(key, 0.875, 0.25) for key in (0.0, 0.1249, 0.125, 0.8749, 0.875, 0.9999)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip


@given(on_grid, on_grid)
def test_none_and_all_are_rates_too(key: float, start: float) -> None:
    assert not interval_draw(key, start, 0)
    assert interval_draw(key, start, 1)


def test_it_takes_its_share_of_real_keys_wherever_it_starts() -> None:
    for seed in range(5):
        taken = sum(interval_draw(key, offset(seed), 0.1) for key in KEYS)
        assert taken == pytest.approx(2000, abs=4 * (20_000 * 0.1 * 0.9) ** 0.5)


@given(st.lists(st.tuples(on_grid, rates), max_size=5))
def test_several_rules_take_as_much_as_the_union_of_their_intervals(rules: list[tuple[float, float]]) -> None:
    """Against counting cells whose borders are all borders of all rules."""
    borders = sorted({0.0, 1.0, *(edge for rule in rules for bounds in interval_bounds(*rule) for edge in bounds)})
    cells = zip(borders, borders[1:], strict=False)
    expected = sum(high - low for low, high in cells if any(interval_draw(low, *rule) for rule in rules))
    assert union_probability(rules) == pytest.approx(expected, abs=1e-12)


def test_rules_that_overlap_are_not_counted_twice() -> None:
    assert union_probability([]) == 0
    assert union_probability([(0.1, 0.2), (0.2, 0.2)]) == pytest.approx(0.3)
    assert union_probability([(0.9, 0.2), (0.0, 0.2)]) == pytest.approx(0.3)
    assert union_probability([(0.3, 1.0), (0.5, 0.1)]) == 1


@given(st.lists(on_grid, unique=True, max_size=30), on_grid, st.integers(0, 40))
def test_a_fixed_size_takes_the_first_after_the_offset(keys: list[float], start: float, n: int) -> None:
    population = list(zip(keys, range(len(keys)), strict=True))
    taken = first_n(population, start, n)
    assert len(taken) == min(n, len(keys))
    assert taken == first_n(reversed(population), start, n)
    assert first_n(population, start, n + 1)[: len(taken)] == taken
    left = [key for key, name in population if name not in taken]
    assert all(rank(keys[name], start) <= rank(key, start) for name in taken for key in left)


@given(on_grid, on_grid)
def test_a_rank_lies_in_zero_to_one_and_starts_at_the_offset(key: float, start: float) -> None:
    assert 0 <= rank(key, start) < 1
    assert rank(start, start) == 0


def test_equal_keys_are_taken_by_id() -> None:
    assert first_n([(0.5, "b"), (0.5, "a"), (0.4, "c")], 0.45, 2) == ["a", "b"]


def test_a_fixed_size_has_probability_n_of_N() -> None:
    assert fixed_size_probability(50, 200) == 0.25
    assert fixed_size_probability(50, 20) == 1
    assert fixed_size_probability(5, 0) == 0
    with pytest.raises(ValueError, match="negative"):
        fixed_size_probability(-1, 5)


@pytest.mark.parametrize(("start", "rate"), [(1.0, 0.1), (-0.1, 0.1), (0.5, 1.1), (0.5, -0.1), (0.5, float("nan"))])
def test_impossible_rules_are_refused(start: float, rate: float) -> None:
    with pytest.raises(ValueError, match="not"):
        interval_bounds(start, rate)
