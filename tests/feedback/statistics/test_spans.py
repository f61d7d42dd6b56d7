"""Marked stretches: α over characters and F1 of pairs, against plain counting and real marks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.statistics.agreement import alpha, tabulate
from feedback.statistics.spans import F1, Text, compare
from tests.real import needs, rows_of

stretch = st.tuples(st.integers(0, 11), st.integers(1, 6)).map(lambda pair: (pair[0], min(12, sum(pair))))
people = st.lists(st.lists(stretch, max_size=3), min_size=2, max_size=4)


def characters(marks: list[tuple[int, int]]) -> set[int]:
    return {place for start, end in marks for place in range(start, end)}


def harmonic(hits: tuple[int, int], sizes: tuple[int, int]) -> float:
    shares = [hit / size for hit, size in zip(hits, sizes, strict=True)]
    return 2 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0


def plainly(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> F1:
    if not one or not other:
        return F1(*[float(not one and not other)] * 3)
    a, b = set(one), set(other)
    met = tuple(
        sum(bool(characters([mark]) & characters([*theirs])) for mark in mine) for mine, theirs in ((a, b), (b, a))
    )
    same, letters = len(a & b), (characters(one), characters(other))
    return F1(
        2 * same / (len(a) + len(b)),
        harmonic((met[0], met[1]), (len(a), len(b))),
        2 * len(letters[0] & letters[1]) / (len(letters[0]) + len(letters[1])),
    )


@given(st.lists(people, min_size=1, max_size=4))
def test_the_figures_are_those_of_looking_at_each_pair_and_character(texts: list[list[list[tuple[int, int]]]]) -> None:
    found = compare([Text(12, marked) for marked in texts])
    pairs = [plainly(one, other) for marked in texts for one, other in itertools.combinations(marked, 2)]
    assert found.f1 == pytest.approx(F1(*np.mean(pairs, axis=0)))
    cells = [
        (number * 12 + place, person, place in characters(marks))
        for number, marked in enumerate(texts)
        for person, marks in enumerate(marked)
        for place in range(12)
    ]
    answers = tabulate(*zip(*cells, strict=True))
    assert found.undefined == answers.undefined
    assert found.alpha == (None if found.undefined else pytest.approx(alpha(answers)))


def test_nothing_marked_by_two_is_agreement_that_alpha_cannot_rate() -> None:
    found = compare([Text(9, [[], []]), Text(5, [[(0, 5)]])])
    assert (found.f1, found.alpha, found.interval(), found.undefined) == (F1(1, 1, 1), None, None, "all_same")
    assert found.n_texts == 1
    assert compare([]).undefined == "no_overlap"
    assert compare([]).f1 is None


@needs("xsum_spans.jsonl")
def test_real_spans_have_the_known_values() -> None:
    rows = rows_of("xsum_spans.jsonl")
    found = compare(
        [Text(len(row["response"]), [[(m[0], m[1]) for m in marks] for marks in row["spans"].values()]) for row in rows]
    )
    assert found.f1 == pytest.approx((0.7119, 0.9094, 0.8359), abs=0.001)
    assert found.alpha == pytest.approx(0.7798, abs=0.001)
    interval = found.interval()
    assert interval is not None
    assert interval.low < 0.7798 < interval.high
    marked = [(number, name, bool(marks)) for number, row in enumerate(rows) for name, marks in row["spans"].items()]
    assert alpha(tabulate(*zip(*marked, strict=True))) == pytest.approx(0.7378, abs=5e-4)
