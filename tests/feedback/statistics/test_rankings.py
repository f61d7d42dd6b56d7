"""The median ranking: a published example, brute force, and what must hold whatever was said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.statistics.rankings import Said, Tiers, agreeing, median, said_of_pairs
from feedback.statistics.votes import majority


def weak_orders(items: tuple[int, ...]) -> Iterator[list[list[int]]]:
    """Every ranking with ties, by the cuts in every order."""
    seen = set()
    for order in permutations(items):
        for cuts in range(1 << (len(items) - 1)):
            tiers: list[list[int]] = [[]]
            for at, item in enumerate(order):
                if at and cuts >> (at - 1) & 1:
                    tiers.append([])
                tiers[-1].append(item)
            key = tuple(tuple(sorted(tier)) for tier in tiers)
            if key not in seen:
                seen.add(key)
                yield [list(tier) for tier in key]


def test_the_capital_of_tennessee() -> None:
    """Memphis 1, Nashville 2, Chattanooga 3, Knoxville 4: 100 voters, nearest to one each. Kemeny's score is 393."""
    voters: list[tuple[int, Tiers]] = [
        (42, [[1], [2], [3], [4]]), (26, [[2], [3], [4], [1]]), (15, [[3], [4], [2], [1]]), (17, [[4], [3], [2], [1]])
    ]  # fmt: skip
    said = said_of_pairs((tiers for n, tiers in voters for _ in range(n)), [1, 2, 3, 4])
    assert said[1, 2] == Said(42, 58, 0)
    found = median(said, [1, 2, 3, 4], has_ties=False)
    assert (found.tiers, found.agreeing) == ([[2], [3], [4], [1]], 393)


def test_a_perfect_circle_has_no_median() -> None:
    said = said_of_pairs([[[1], [2], [3]], [[2], [3], [1]], [[3], [1], [2]]], [1, 2, 3])
    found = median(said, [1, 2, 3], has_ties=True)
    assert (found.tiers, found.agreeing) == (None, 5)


def test_two_who_swap_neighbours_settle_nothing_and_a_third_does() -> None:
    rankings: list[Tiers] = [[[1], [2], [3]], [[2], [1], [3]]]
    assert median(said_of_pairs(rankings, [1, 2, 3]), [1, 2, 3], has_ties=True).tiers is None
    rankings.append([[2], [1, 3]])
    assert median(said_of_pairs(rankings, [1, 2, 3]), [1, 2, 3], has_ties=True).tiers == [[2], [1], [3]]


def test_without_votes_there_is_none() -> None:
    assert median(said_of_pairs([], [1, 2]), [1, 2], has_ties=True).tiers is None


PLACES = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5)


def tiers_of(given_places: list[int], ties: bool) -> list[list[int]]:
    if not ties:
        return [[item] for item in sorted(range(4), key=lambda item: (given_places[item], item))]
    rows = [[item for item in range(4) if given_places[item] == place] for place in range(4)]
    return [row for row in rows if row]


@settings(max_examples=20)
@given(PLACES, st.booleans())
def test_it_is_what_trying_all_of_them_finds(rows: list[list[int]], ties: bool) -> None:
    said = said_of_pairs([tiers_of(row, ties) for row in rows], range(4))
    found = median(said, range(4), has_ties=ties)
    orders = [order for order in weak_orders((0, 1, 2, 3)) if ties or len(order) == 4]
    scores = [agreeing(order, said) for order in orders]
    winners = [order for order, score in zip(orders, scores, strict=True) if score == max(scores)]
    assert found.agreeing == max(scores)
    assert found.tiers == (winners[0] if len(winners) == 1 else None)


@given(st.lists(st.sampled_from(["one", "other", "tie"]), max_size=7))
def test_of_two_it_is_the_majority(votes: list[str]) -> None:
    meant: dict[str, list[list[int]]] = {"one": [[1], [2]], "other": [[2], [1]], "tie": [[1, 2]]}
    found = median(said_of_pairs([meant[vote] for vote in votes], [1, 2]), [1, 2], has_ties=True)
    winner = majority(votes)
    assert found.tiers == (meant[winner] if winner else None)


@given(PLACES.map(lambda rows: [tiers_of(row, True) for row in rows]), st.randoms())
def test_the_order_of_reviewers_and_of_responses_does_not_matter(rankings: list[Tiers], random: Any) -> None:
    said = median(said_of_pairs(rankings, range(4)), range(4), has_ties=True)
    shuffled, among = list(rankings), [0, 1, 2, 3]
    random.shuffle(shuffled)
    random.shuffle(among)
    again = median(said_of_pairs(shuffled, among), among, has_ties=True)
    as_sets = [tiers and [sorted(tier) for tier in tiers] for tiers in (said.tiers, again.tiers)]
    assert as_sets[0] == as_sets[1]
    assert said.agreeing == again.agreeing
