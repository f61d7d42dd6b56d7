"""A question about each turn or step in the editor, in words and between versions."""

from __future__ import annotations

from feedback.rubrics.arrange import blank
from feedback.rubrics.changes import changes
from feedback.rubrics.definition import check_definitions
from feedback.rubrics.editor import QuestionForm, flat, read_question
from feedback.rubrics.models import Criterion
from feedback.rubrics.wording import failure_words, turns_in_words
from tests import make

(ROW,) = check_definitions(make.turns_criteria("step", required_turns="any")[:1])


def test_the_editor_gives_back_what_it_was_given() -> None:
    posted = flat(ROW, "q0-")
    for index, choice in enumerate(ROW["options"]["choices"]):
        posted.update({f"q0-choices-{index}-{name}": words for name, words in choice.items()})
    posted["q0-choices-2-fails"] = "on"
    assert read_question(posted, "q0-") == ROW


def test_it_has_no_condition_and_is_none() -> None:
    form = QuestionForm(0, blank("per_turn"), [])
    assert {"of", "required_turns"} <= set(form.fields)
    assert "when" not in form.fields
    later = QuestionForm(1, blank("text"), [{**ROW, "key": "turns"}])
    assert [value for value, _ in later.fields["when"].choices] == [""]  # type: ignore[attr-defined]


def test_it_is_put_in_words() -> None:
    criterion = Criterion(**ROW)
    assert turns_in_words(criterion, {"10": "bad", "2": "good"}) == "step 2: Good; step 10: Bad"
    assert failure_words(criterion) == "fails when one step is settled as Bad"


def test_what_changed_between_versions_is_told() -> None:
    (other,) = check_definitions(make.turns_criteria("assistant")[:1])
    assert changes([ROW], [other])[0].lines == [
        "What is judged one by one is assistant instead of step.",
        "Which need an answer is not set instead of any.",
        "Fails when one turn is settled as Bad, not: fails when one step is settled as Bad.",
    ]
