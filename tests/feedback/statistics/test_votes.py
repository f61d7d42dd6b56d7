"""Shares, the tie rule, the mean."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.votes import majority, mean, vote_shares

votes = st.lists(st.sampled_from(["left", "right", "tie", "bad"]), max_size=12)


@pytest.mark.parametrize(
    ("given_votes", "winner"),
    [
        (["left", "left", "right"], "left"),
        (["left", "right"], None),
        (["a", "a", "b", "b", "c"], None),
        (["a", "a", "b", "c", "d"], "a"),
        (["a"], "a"),
        ([], None),
    ],
)
def test_the_most_votes_win_and_a_tie_has_no_winner(given_votes: list[str], winner: str | None) -> None:
    assert majority(given_votes) == winner


def test_a_winner_may_need_a_share_of_all_votes() -> None:
    assert majority(["a", "a", "b"], minimum_share=2 / 3) == "a"
    assert majority(["a", "a", "b", "tie"], minimum_share=2 / 3) is None


@given(votes, st.randoms())
def test_the_order_of_votes_never_decides(given_votes: list[str], shuffler: Random) -> None:
    shuffled = shuffler.sample(given_votes, len(given_votes))
    assert majority(shuffled) == majority(given_votes)
    assert vote_shares(shuffled) == vote_shares(given_votes)


@given(votes)
def test_shares_are_of_all_votes(given_votes: list[str]) -> None:
    shares = vote_shares(given_votes)
    assert sum(shares.values()) == pytest.approx(1 if given_votes else 0)
    assert all(shares[choice] == given_votes.count(choice) / len(given_votes) for choice in shares)


def test_falsy_answers_are_answers() -> None:
    assert majority([False, False, True]) is False
    assert majority([0, 0, 1]) == 0


def test_the_mean_does_not_depend_on_the_order_of_reviewers() -> None:
    assert mean([1e16, 1.0, -1e16]) == mean([1.0, 1e16, -1e16]) == pytest.approx(1 / 3)
    assert mean([3, 4, 4]) == pytest.approx(11 / 3)
    assert mean([]) is None
