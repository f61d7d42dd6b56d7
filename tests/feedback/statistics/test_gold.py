"""The exact tests behind gold (STATISTICS §2, R3)."""

from __future__ import annotations

import random

import pytest

from feedback.statistics.gold import is_questionable, is_too_low, lower_tail

RUNS = 4_000


def test_the_tail_is_that_of_the_binomial() -> None:
    assert lower_tail(0, 3, 0.5) == pytest.approx(1 / 8)
    assert lower_tail(6, 10, 0.9) == pytest.approx(0.012795, abs=1e-6)
    assert lower_tail(6, 10, 0.5) == pytest.approx(0.828125)
    assert lower_tail(10, 15, 0.9) == pytest.approx(0.012720, abs=1e-6)
    assert lower_tail(5, 5, 0.3) == pytest.approx(1)


@pytest.mark.parametrize(("k", "n", "p"), [(-1, 3, 0.5), (4, 3, 0.5), (1, 3, 1.5)])
def test_what_is_no_binomial_is_refused(k: int, n: int, p: float) -> None:
    with pytest.raises(ValueError, match="binomial"):
        lower_tail(k, n, p)


def test_the_screen_flags_six_of_ten_and_ten_of_fifteen() -> None:
    assert [is_too_low(right, 10) for right in (5, 6, 7)] == [True, True, False]
    assert [is_too_low(right, 15) for right in (10, 11)] == [True, False]
    assert is_too_low(0, 9) is None


def flagged(accuracy: float, n: int) -> float:
    """The share of simulated reviewers of this accuracy that the screen flags."""
    draw = random.Random(20_261_122)
    return sum(bool(is_too_low(sum(draw.random() < accuracy for _ in range(n)), n)) for _ in range(RUNS)) / RUNS


def test_it_finds_the_coin_flipper_and_spares_the_honest() -> None:
    """R3: >= 80 % of coin-flippers, <= 2 % of reviewers who are right nine times of ten."""
    assert flagged(0.5, 10) >= 0.8
    assert flagged(0.9, 10) <= 0.02
    assert flagged(0.5, 15) >= 0.92
    assert flagged(0.9, 15) <= 0.02


def test_an_item_is_questioned_when_good_reviewers_fail_it_too_often() -> None:
    assert is_questionable(3, 4, 0.1)
    assert not is_questionable(2, 2, 0.0)
    assert not is_questionable(3, 20, 0.1)
    assert is_questionable(8, 20, 0.1)
    assert not is_questionable(5, 10, 0.3)
