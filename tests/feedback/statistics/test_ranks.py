"""Ranks that admit ties: simultaneous intervals, and votes that go round."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import studentized_range

from feedback.statistics.preference import Ratings, Votes, rate
from feedback.statistics.ranks import Ranks, Triads, critical_value, rank_intervals, triads
from tests.feedback.statistics.test_preference import ANSWERS, VOTES, drawn, real_votes
from tests.real import needs


def known(scores: list[float], error: float) -> Ratings:
    n = len(scores)
    return Ratings(np.array(scores), error**2 * (np.eye(n) - 1 / n))


@pytest.mark.parametrize("n", [2, 4, 12])
def test_the_critical_value_of_independent_scores_is_tukeys(n: int) -> None:
    found = critical_value(np.eye(n) * 0.3)
    assert found == pytest.approx(studentized_range.ppf(0.95, n, np.inf) / np.sqrt(2), abs=0.03)
    assert found == critical_value(np.eye(n) * 0.3)


def test_scores_far_apart_have_one_place_each() -> None:
    assert rank_intervals(known([2, -2, 0], 0.1)) == [Ranks(1, 1), Ranks(3, 3), Ranks(2, 2)]


def test_scores_that_nobody_can_tell_apart_share_places() -> None:
    assert rank_intervals(known([2, 0.1, 0, -2.1], 0.2)) == [Ranks(1, 1), Ranks(2, 3), Ranks(2, 3), Ranks(4, 4)]


def test_without_errors_no_place_is_sure() -> None:
    assert rank_intervals(Ratings(np.array([1.0, -1.0]), None)) == [Ranks(1, 2), Ranks(1, 2)]
    assert rank_intervals(Ratings(np.zeros(1), np.zeros((1, 1)))) == [Ranks(1, 1)]


@pytest.mark.slow
def test_all_places_hold_together_as_often_as_they_say() -> None:
    scores = [0.6, 0.2, 0.0, -0.3, -0.5]
    truth = [1, 2, 3, 4, 5]
    held = 0
    for seed in range(300):
        found = rank_intervals(rate(drawn(scores, 500, tie=0.5, seed=seed), 5))
        held += all(places.best <= place <= places.worst for places, place in zip(found, truth, strict=True))
    assert held / 300 >= 0.93


def test_a_circle_is_one_of_its_triples() -> None:
    assert triads(Votes.of([0, 1, 2], [1, 2, 0], [1, 1, 1]), 3) == Triads(1, 1)
    assert triads(Votes.of([0, 1, 0], [1, 2, 2], [1, 1, 1]), 3) == Triads(1, 0)
    assert triads(Votes.of([0, 1, 0], [1, 2, 2], [1, 1, 0.5]), 3) == Triads(0, 0)
    assert Triads(0, 0).share is None


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=15, max_size=15))
def test_the_counts_are_those_of_looking_at_every_triple(directions: list[int]) -> None:
    pairs = list(itertools.combinations(range(6), 2))
    ahead = dict(zip(pairs, directions, strict=True))
    ahead |= {(j, i): -sign for (i, j), sign in ahead.items()}
    complete = [
        (a, b, c) for a, b, c in itertools.combinations(range(6), 3) if ahead[a, b] and ahead[b, c] and ahead[a, c]
    ]
    circular = [triple for triple in complete if ahead[triple[:2]] == ahead[triple[1:]] == -ahead[triple[::2]]]
    left, right = zip(*pairs, strict=True)
    votes = Votes.of(left, right, [(sign + 1) / 2 for sign in directions])
    assert triads(votes, 6) == Triads(len(complete), len(circular))


@needs(VOTES, ANSWERS)
def test_real_votes_go_round_less_than_chance_makes_them() -> None:
    assert triads(*real_votes("pair_id")) == Triads(2012, 234)


@needs(VOTES, ANSWERS)
def test_real_models_share_most_places() -> None:
    places = rank_intervals(rate(*real_votes("pair_id")))
    assert sum(place.best == 1 for place in places) > 1
    assert sum(place.worst == 59 for place in places) > 1
    assert all(place.best < place.worst for place in places)
