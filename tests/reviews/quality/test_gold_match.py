"""Whether an answer is what was expected, kind by kind."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from feedback.rubrics.models import Criterion
from reviews.quality.gold_match import compare, default_tolerance, distance, is_right


def criterion(kind: str, **options: Any) -> Criterion:
    return Criterion(key="c", kind=kind, options=options)


def mark(start: int, end: int, response: int = 1, **more: Any) -> dict[str, Any]:
    return {"response": response, "start": start, "end": end, "kind": "unsupported", **more}


PREFERS = {"outcome": "preferred", "preferred": 7, "strength": 1}
CASES: list[tuple[str, Any, Any, float | None, bool]] = [
    ("yes_no", "yes", "yes", None, True),
    ("yes_no", "yes", "no", None, False),
    ("yes_no", "yes", None, None, False),
    ("choice", "b", "b", None, True),
    ("multi_choice", ["a", "b"], ["b", "a"], None, True),
    ("multi_choice", ["a", "b"], ["a"], None, False),
    ("multi_choice", ["a", "b"], ["a"], 0.5, True),
    ("multi_choice", [], [], None, True),
    ("scale", 4, 4, None, True),
    ("scale", 4, 5, None, False),
    ("scale", 4, 5, 1, True),
    ("scale", 4, 2, 1, False),
    ("scale", 0.3, 0.1, 0.2, True),
    ("comparison", PREFERS, {**PREFERS, "strength": 3}, None, True),
    ("comparison", PREFERS, {**PREFERS, "preferred": 8}, None, False),
    ("comparison", PREFERS, {"outcome": "tie"}, None, False),
    ("comparison", {"outcome": "tie"}, {"outcome": "tie"}, None, True),
    ("ranking", [[7], [8], [9]], [[7], [8], [9]], None, True),
    ("ranking", [[7], [8], [9]], [[8], [7], [9]], None, False),
    ("ranking", [[7], [8], [9]], [[8], [7], [9]], 1, True),
    ("ranking", [[7], [8], [9]], [[7, 8], [9]], 1, True),
    ("ranking", [[7], [8], [9]], [[9], [7], [8]], 1, False),
    ("ranking", [[7, 8], [9]], [[7, 8], [9]], 0, True),
    ("spans", [], [], None, True),
    ("spans", [], None, None, True),
    ("spans", [], [mark(0, 3)], None, False),
    ("spans", [mark(0, 10)], [mark(2, 10)], None, True),
    ("spans", [mark(0, 10)], [mark(8, 20)], None, False),
    ("spans", [mark(0, 10)], [mark(0, 10, response=2)], None, False),
    ("spans", [mark(0, 10)], [mark(0, 10, passage=5)], None, False),
    ("spans", [mark(0, 10)], [mark(0, 4), mark(4, 10)], 1.0, True),
]


@pytest.mark.parametrize(("kind", "expected", "given", "tolerance", "right"), CASES)
def test_it_is_right_or_wrong(kind: str, expected: Any, given: Any, tolerance: float | None, right: bool) -> None:
    assert is_right(criterion(kind), expected, given, tolerance) is right


def test_texts_and_what_is_not_expected_are_not_compared() -> None:
    rows = [Criterion(key=kind, kind=kind, options={}) for kind in ("yes_no", "text", "correction", "scale")]
    expected = {"yes_no": "no", "text": "Because.", "correction": {"text": "x"}}
    assert compare(rows, expected, {"yes_no": "no", "scale": 1}, {}) == {"yes_no": True}


def test_the_defaults_are_one_step_half_of_the_marks_and_the_whole_set() -> None:
    rows = [Criterion(key=kind, kind=kind, options={}) for kind in ("scale", "spans", "multi_choice", "yes_no")]
    assert default_tolerance(rows) == {"scale": 1.0, "spans": 0.5, "multi_choice": 1.0}


@pytest.mark.parametrize(("responses", "apart"), [(2, 0), (3, 0), (4, 1), (5, 1), (8, 4)])
def test_of_a_ranking_a_sixth_of_each_two_may_stand_in_another_order(responses: int, apart: int) -> None:
    assert default_tolerance([criterion("ranking", responses=responses)]) == {"c": apart}
    if 2 < responses < 6:
        first = [[n] for n in range(responses)]
        by_chance = [distance(first, [[n] for n in order]) <= apart for order in permutations(range(responses))]
        assert sum(by_chance) <= len(by_chance) / 6
