"""A version is checked, numbered and then never changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from feedback.accounts.models import Project
from feedback.audit.models import AuditEvent
from feedback.rubrics.models import Criterion, GuidelineVersion, Rubric
from feedback.rubrics.publish import RubricRefused, publish
from feedback.rubrics.ready import RANKED_CRITERIA, helpfulness_rubric, pairwise_rubric

pytestmark = pytest.mark.once

YES_NO: dict[str, Any] = {"key": "grounded", "kind": "yes_no", "label": "Grounded?"}
SCALE: dict[str, Any] = {"key": "good", "kind": "scale", "label": "Good?", "options": {"min": 1, "max": 5}}
CHOICE: dict[str, Any] = {"key": "c", "kind": "choice", "label": "Which?"}
SEVERAL: dict[str, Any] = {"key": "m", "kind": "multi_choice", "label": "Which ones?"}
MARKS: dict[str, Any] = {
    "key": "flags", "kind": "spans", "label": "Mark", "options": {"kinds": [{"value": "a", "label": "A"}]}
}  # fmt: skip
RANKING: dict[str, Any] = {
    "key": "order", "kind": "ranking", "label": "Best first?", "options": {"responses": 4, "ties": True}
}  # fmt: skip
CHOICES = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return Rubric.objects.create(project=project, name="Answers")


def test_versions_are_numbered_and_keep_their_criteria(rubric: Rubric) -> None:
    first, second = publish(rubric, [YES_NO]), publish(rubric, [SCALE, YES_NO])
    assert (first.number, second.number) == (1, 2)
    assert [c.key for c in first.criteria.all()] == ["grounded"]
    assert [c.key for c in second.criteria.all()] == ["good", "grounded"]
    assert AuditEvent.objects.filter(verb="rubric-published").count() == 2


def test_nothing_of_a_published_version_can_be_edited(rubric: Rubric) -> None:
    publish(rubric, [YES_NO])
    with pytest.raises(IntegrityError), transaction.atomic():
        Criterion.objects.update(label="Other?")


def test_the_same_guideline_is_not_stored_twice(rubric: Rubric) -> None:
    first, same, other = (
        publish(rubric, [YES_NO], "Read."),
        publish(rubric, [YES_NO], "Read."),
        publish(rubric, [YES_NO], "Read on."),
    )
    assert first.guideline == same.guideline
    assert other.guideline
    assert other.guideline.number == 2
    assert GuidelineVersion.objects.count() == 2


def test_a_comparison_judges_pairs(rubric: Rubric) -> None:
    comparison = {"key": "better", "kind": "comparison", "label": "Which?"}
    assert publish(rubric, [comparison]).subject_size == 2
    assert publish(rubric, [YES_NO]).subject_size == 1
    assert publish(rubric, [YES_NO], subject_size=2).subject_size == 2
    with pytest.raises(RubricRefused):
        publish(rubric, [comparison], subject_size=1)


def test_a_ranking_says_how_many_it_judges(rubric: Rubric) -> None:
    comparison = {"key": "better", "kind": "comparison", "label": "Which?"}
    assert publish(rubric, [YES_NO, RANKING]).subject_size == 4
    assert publish(rubric, [{**RANKING, "options": {"responses": 2}}, comparison]).subject_size == 2
    for rows, pointer in (([comparison, RANKING], "/1/options/responses"), ([RANKING, comparison], "/1/kind")):
        with pytest.raises(RubricRefused, match="2 and 4 responses") as refusal:
            publish(rubric, rows)
        assert refusal.value.errors[0]["pointer"] == pointer
    with pytest.raises(RubricRefused):
        publish(rubric, [RANKING], subject_size=5)


def test_a_ranking_is_no_condition(rubric: Rubric) -> None:
    later = {"key": "later", "kind": "text", "label": "Why?", "asked_when": {"criterion": "order", "any": True}}
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [RANKING, later])
    assert refusal.value.errors[0]["pointer"] == "/1/asked_when/criterion"


@pytest.mark.parametrize(
    ("definition", "pointer"),
    [
        ({**YES_NO, "key": "Not a key"}, "/0/key"),
        ({**YES_NO, "key": ""}, "/0/key"),
        ({**YES_NO, "kind": "guess"}, "/0/kind"),
        ({**YES_NO, "label": " "}, "/0/label"),
        ({**YES_NO, "colour": "red"}, "/0"),
        ({**YES_NO, "is_required": "yes"}, "/0/is_required"),
        ({**YES_NO, "options": {"maybe": True}}, "/0/options"),
        ({**YES_NO, "fails_when": {"below": 2}}, "/0/fails_when"),
        ({**YES_NO, "fails_when": {"values": ["nope"]}}, "/0/fails_when"),
        ({**SCALE, "options": {"min": 5, "max": 1}}, "/0/options/max"),
        ({**SCALE, "options": {"min": 1}}, "/0/options/max"),
        ({**SCALE, "options": {"min": 0, "max": 1000}}, "/0/options/step"),
        ({**SCALE, "options": {"min": 0, "max": 1, "step": 0}}, "/0/options/step"),
        ({**SCALE, "options": {"min": 1, "max": 5, "anchors": {"6": "?"}}}, "/0/options/anchors/6"),
        ({**SCALE, "fails_when": {"below": 9}}, "/0/fails_when/below"),
        ({**CHOICE, "options": {"choices": CHOICES[:1]}}, "/0/options/choices"),
        ({**CHOICE, "options": {"choices": [*CHOICES, CHOICES[0]]}}, "/0/options/choices"),
        ({**CHOICE, "options": {"choices": [{"value": "", "label": ""}, *CHOICES]}}, "/0/options/choices/0/label"),
        ({"key": "s", "kind": "spans", "label": "?"}, "/0/options/kinds"),
        ({"key": "b", "kind": "comparison", "label": "?", "options": {"strengths": 4}}, "/0/options/strengths"),
        ({**RANKING, "options": {}}, "/0/options/responses"),
        ({**RANKING, "options": {"responses": 9}}, "/0/options/responses"),
        ({**RANKING, "options": {"responses": True}}, "/0/options/responses"),
        ({**RANKING, "options": {"responses": 3, "ties": "yes"}}, "/0/options/ties"),
        ({**RANKING, "fails_when": {"values": ["tie"]}}, "/0/fails_when"),
        ({"key": "t", "kind": "text", "label": "?", "options": {"max_length": 0}}, "/0/options/max_length"),
        ({"key": "t", "kind": "text", "label": "?", "fails_when": {"any": True}}, "/0/fails_when"),
        ({**SEVERAL, "options": {"choices": CHOICES, "min_chosen": 3}}, "/0/options/min_chosen"),
        ({**SEVERAL, "options": {"choices": CHOICES, "max_chosen": 0}}, "/0/options/max_chosen"),
        ({**SEVERAL, "options": {"choices": CHOICES, "min_chosen": 2, "max_chosen": 1}}, "/0/options/max_chosen"),
        ({**SEVERAL, "options": {"choices": CHOICES}, "fails_when": {"values": ["z"]}}, "/0/fails_when"),
        ({**YES_NO, "asked_when": {"criterion": "grounded", "values": ["yes"]}}, "/0/asked_when/criterion"),
        ({**YES_NO, "asked_when": []}, "/0/asked_when"),
        ({**YES_NO, "label": "NUL \0"}, "/0/label"),
    ],
)  # fmt: skip
def test_a_faulty_definition_is_refused_where_it_is_faulty(rubric: Rubric, definition: Any, pointer: str) -> None:
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [definition])
    assert refusal.value.errors[0]["pointer"] == pointer
    assert not rubric.versions.exists()


def test_every_faulty_definition_is_named_at_once(rubric: Rubric) -> None:
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [{**YES_NO, "kind": "guess"}, SCALE, {**SCALE, "label": "Again?"}])
    assert [error["pointer"] for error in refusal.value.errors] == ["/0/kind", "/2/key"]


@pytest.mark.parametrize("definitions", [[], {}, "x", [YES_NO] * 41])
def test_a_rubric_asks_some_questions(rubric: Rubric, definitions: Any) -> None:
    with pytest.raises(RubricRefused):
        publish(rubric, definitions)


def test_the_ready_rubrics_are_made_once(project: Project) -> None:
    first, again = helpfulness_rubric(project), helpfulness_rubric(project)
    assert first == again
    keys = {criterion.key for criterion in first.criteria.all()}
    assert keys == {"grounded", "helpfulness", "hallucinations", "toxic", "biased", "correction", "comment"}
    pair = pairwise_rubric(project)
    assert (pair.subject_size, pair.criteria.first().options) == (2, {"strengths": 2, "both_bad": True})  # type: ignore[union-attr]
    assert publish(pair.rubric, RANKED_CRITERIA).subject_size == 4
    assert first.guideline
    assert first.guideline.text.startswith("## What you judge")


def test_marks_are_asked_for_once(rubric: Rubric) -> None:
    marks = {"key": "flags", "kind": "spans", "label": "?", "options": {"kinds": [{"value": "a", "label": "A"}]}}
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [marks, {**marks, "key": "more"}])
    assert [error["pointer"] for error in refusal.value.errors] == ["/1/kind"]


SEVERAL_OF_TWO: dict[str, Any] = {**SEVERAL, "options": {"choices": CHOICES, "min_chosen": 0, "max_chosen": 2}}


@pytest.mark.parametrize(
    ("earlier", "condition"),
    [
        (YES_NO, {"values": ["no", "unsure"]}),
        (SCALE, {"below": 3}),
        (SCALE, {"at_least": 4}),
        (SEVERAL_OF_TWO, {"values": ["b"]}),
        (MARKS, {"any": True}),
        ({"key": "t", "kind": "text", "label": "?"}, {"any": True}),
        ({"key": "b", "kind": "comparison", "label": "?"}, {"values": ["preferred"]}),
    ],
)
def test_a_question_may_wait_for_an_earlier_one(rubric: Rubric, earlier: Any, condition: Any) -> None:
    later = {"key": "later", "kind": "text", "label": "Why?", "asked_when": {"criterion": earlier["key"], **condition}}
    assert publish(rubric, [earlier, later]).criteria.last().asked_when == later["asked_when"]  # type: ignore[union-attr]
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [later, earlier])
    assert refusal.value.errors[0]["pointer"] == "/0/asked_when/criterion"


@pytest.mark.parametrize(
    ("earlier", "condition"),
    [
        (YES_NO, {"values": ["maybe"]}),
        (YES_NO, {"values": []}),
        (YES_NO, {"any": True}),
        (YES_NO, {"values": ["no"], "any": True}),
        (SCALE, {"below": 1}),
        (SCALE, {"at_least": 6}),
        (SCALE, {"at_least": True}),
        (SCALE, {}),
        (MARKS, {"any": False}),
    ],
)
def test_a_condition_names_answers_that_can_be_given(rubric: Rubric, earlier: Any, condition: Any) -> None:
    later = {"key": "later", "kind": "text", "label": "Why?", "asked_when": {"criterion": earlier["key"], **condition}}
    with pytest.raises(RubricRefused) as refusal:
        publish(rubric, [earlier, later])
    assert refusal.value.errors[0]["pointer"] == "/1/asked_when"


def test_marks_are_always_offered(rubric: Rubric) -> None:
    with pytest.raises(RubricRefused, match="always offered"):
        publish(rubric, [YES_NO, {**MARKS, "asked_when": {"criterion": "grounded", "values": ["no"]}}])
