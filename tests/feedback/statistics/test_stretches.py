"""Marks of several people as stretches with votes."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.spans import Text, compare
from feedback.statistics.stretches import Mark, merged
from tests.real import needs, rows_of

mark = st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from("ab")).map(
    lambda drawn: Mark(drawn[0], drawn[0] + drawn[1], drawn[2])
)
people = st.lists(st.lists(mark, max_size=3), min_size=1, max_size=4)


def places(*hands: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    found = merged([[Mark(start, end) for start, end in marks] for marks in hands])
    return [(one.start, one.end, one.votes) for one in found]


@pytest.mark.parametrize(
    ("hands", "expected"),
    [
        ([], []),
        ([[], []], []),
        ([[(3, 9)]], [(3, 9, 1)]),
        ([[(3, 9)], [(3, 9)], []], [(3, 9, 2)]),
        ([[(0, 10)], [(4, 10)]], [(4, 10, 2)]),  # of two what both marked
        ([[(0, 10)], [(1, 11)], [(2, 9)]], [(1, 10, 3)]),  # of three the middle edges
        ([[(0, 10)], [(9, 20)]], [(0, 10, 1), (9, 20, 1)]),  # edges that only touch are two things
        ([[(0, 4), (4, 8)], []], [(0, 4, 1), (4, 8, 1)]),  # one person's marks stay apart
        ([[(0, 4), (5, 9)], [(0, 9)]], [(0, 9, 2)]),  # unless another holds them together
        ([[(0, 3)], [(5, 6)]], [(0, 3, 1), (5, 6, 1)]),
    ],
)
def test_what_is_marked_alike_is_one_stretch(
    hands: list[list[tuple[int, int]]], expected: list[tuple[int, int, int]]
) -> None:
    assert places(*hands) == expected


def test_kinds_and_severities_are_votes_of_people() -> None:
    [found] = merged([[Mark(0, 4, "a", "major"), Mark(1, 5, "a", "minor")], [Mark(0, 5, "b", "major")]])
    assert (found.votes, found.kinds, found.severities) == (2, {"a": 1, "b": 1}, {"major": 2, "minor": 1})


@given(people)
def test_each_stretch_lies_where_somebody_marked_and_order_changes_nothing(hands: list[list[Mark]]) -> None:
    found = merged(hands)
    for one in found:
        assert 0 <= one.start < one.end
        assert 1 <= one.votes <= len(hands)
        assert any(mark.start < one.end and mark.end > one.start for marks in hands for mark in marks)
    assert all(merged(order) == found for order in permutations(hands))
    assert sum(one.votes for one in found) <= sum(map(len, hands))


@given(st.lists(mark, min_size=1, max_size=5))
def test_of_overlapping_marks_of_an_odd_number_the_stretch_is_what_most_marked(marks: list[Mark]) -> None:
    marks = [Mark(max(0, 20 - one.start), 20 + one.end) for one in marks]  # all hold the place 20
    marks = marks[: len(marks) - 1 + len(marks) % 2]
    found = merged([[one] for one in marks])
    if len(found) > 1:
        return
    counts = {at: sum(one.start <= at < one.end for one in marks) for at in range(80)}
    most = [at for at, n in counts.items() if 2 * n > len(marks)]
    assert (found[0].start, found[0].end) == (most[0], most[-1] + 1)


@needs("xsum_spans.jsonl")
def test_of_real_marks_most_characters_of_the_majority_are_in_its_stretches() -> None:
    """Against the hard label of each character (more than half marked it), as one more reader."""
    texts, n_agreed, n_marked = [], 0, 0
    for row in rows_of("xsum_spans.jsonl"):
        hands = [[Mark(*one) for one in marks] for marks in row["spans"].values()]
        agreed = [(one.start, one.end) for one in merged(hands) if 2 * one.votes > len(hands)]
        counts = [
            sum(any(m.start <= at < m.end for m in marks) for marks in hands) for at in range(len(row["response"]))
        ]
        hard = [(at, at + 1) for at, n in enumerate(counts) if 2 * n > len(hands)]
        texts.append(Text(len(row["response"]), [agreed, hard]))
        n_agreed, n_marked = n_agreed + len(agreed), n_marked + sum(map(len, hands))
    found = compare(texts).f1
    assert found is not None
    assert found.character > 0.98
    assert (n_marked, n_agreed) == (5336, 1675)
