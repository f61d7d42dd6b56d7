"""A scale whose number is typed: bounds far apart, exact steps, and words that never lose a digit."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.judgements.answers import check_answers
from feedback.judgements.material import Material, SourceText
from feedback.judgements.refusal import AnswersRefused
from feedback.rubrics.changes import changes
from feedback.rubrics.definition import RubricRefused, check_definitions
from feedback.rubrics.editor import flat, read_question
from feedback.rubrics.models import Criterion
from feedback.rubrics.wording import number_words
from tests import make

WIDE = {"min": 0, "max": 1_000_000, "step": 0.01, "typed": True}
ONE = Material({1: SourceText(1, "", "")})


def defined(**options: Any) -> dict[str, Any]:
    (row,) = check_definitions([{"key": "cost", "kind": "scale", "label": "Cost?", "options": options}])
    return row


def check(value: Any, options: dict[str, Any] = WIDE) -> Any:
    return check_answers(ONE, [Criterion(key="q", kind="scale", options=options, label="?")], {"q": value}).answers["q"]


def test_its_bounds_may_lie_far_apart_and_no_others() -> None:
    assert defined(**WIDE)["options"]["typed"] is True
    for options in (
        {**WIDE, "typed": False},
        {**WIDE, "typed": "yes"},
        {**WIDE, "step": 0.000_1},
        {"min": 0, "max": 101},
    ):
        with pytest.raises(RubricRefused):
            defined(**options)


@pytest.mark.parametrize(("value", "kept"), [(0, 0), (1_000_000.0, 1_000_000), (123_456.78, 123_456.78), (0.01, 0.01)])
def test_a_number_within_is_taken(value: float, kept: float) -> None:
    assert repr(check(value)) == repr(kept)


@pytest.mark.parametrize("value", [-0.01, 1_000_000.01, 999_999.995, 0.005, "12", True, float("inf")])
def test_any_other_is_refused(value: Any) -> None:
    with pytest.raises(AnswersRefused):
        check(value)


def test_the_refusal_names_the_bounds() -> None:
    with pytest.raises(AnswersRefused, match="from 0 to 1,000,000"):
        check(2_000_000)


def test_the_editor_gives_back_what_it_was_given() -> None:
    row = make.typed_criteria(min=0.5, max=123_456.75, step=0.25)[0]
    posted = flat({"help_text": "", "is_required": True, "asked_when": {}, **row}, "q0-")
    assert read_question(posted, "q0-")["options"] == row["options"]
    assert read_question(posted, "q0-")["fails_when"] == row["fails_when"]


def test_a_version_says_that_it_is_typed_now() -> None:
    chosen, typed = defined(min=1, max=5), defined(min=1, max=5, typed=True)
    assert changes([chosen], [typed])[0].lines == ["The number is typed now."]
    assert changes([typed], [chosen])[0].lines == ["Is chosen from points now."]


def test_numbers_in_words_keep_their_digits() -> None:
    assert [number_words(n) for n in (4, 0.5, 1_250_000, 123_456.78)] == ["4", "0.5", "1,250,000", "123,456.78"]
    assert number_words(2 / 3, 2) == "0.67"
