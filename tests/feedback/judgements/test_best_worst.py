"""The best and the worst of several: two different ones, stored as three tiers, the same however they were named."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from feedback.judgements.answers import check_answers
from feedback.judgements.invariants import changed_reviews
from feedback.judgements.material import Material, SourceText
from feedback.judgements.models import Comparison
from feedback.judgements.record import answers_of
from feedback.judgements.refusal import AnswersRefused
from feedback.rubrics.models import Criterion, Rubric
from feedback.rubrics.publish import RubricRefused, publish
from tests import make

FOUR = Material({pk: SourceText(pk, "", "") for pk in (1, 2, 3, 4)})


def check(value: Any, *, material: Material = FOUR, **fields: Any) -> Any:
    criterion = Criterion(key="q", kind="best_worst", options={"responses": 4}, label="?", **fields)
    return check_answers(material, [criterion], {"q": value}).answers.get("q")


def test_both_ways_to_name_them_are_the_same_answer() -> None:
    assert check({"best": 3, "worst": 1}) == check([[3], [4, 2], [1]]) == [[3], [2, 4], [1]]


@pytest.mark.parametrize(
    "value",
    [
        {"best": 3},
        {"worst": 3},
        {},
        {"best": 3, "worst": 3},
        {"best": 3, "worst": 9},
        {"best": True, "worst": 2},
        {"best": 3, "worst": 1, "also": 2},
        [[3], [1, 2], [4, 4]],
        [[3], [1], [4]],
        [[3], [1, 2, 2], [4]],
        [[3], [1, "2"], [4]],
        [[3, 1], [2], [4]],
        [[3], [1], [2], [4]],
        [3, 1],
        "3",
        None,
    ],
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(AnswersRefused):
        check(value)


def test_an_optional_one_may_be_left_open_but_not_half_open() -> None:
    assert check([[], []], is_required=False) is None
    with pytest.raises(AnswersRefused, match="Name the best and the worst"):
        check({"best": 1}, is_required=False)


@pytest.mark.django_db
def test_a_rubric_asks_it_of_three_to_eight_at_once(project: Project) -> None:
    rubric = Rubric.objects.create(project=project, name="Ends")
    (row, _) = make.best_worst_criteria(5)
    assert publish(rubric, [row]).subject_size == 5
    for options in ({"responses": 2}, {"responses": 9}, {}, {"responses": 4, "ties": True}):
        with pytest.raises(RubricRefused):
            publish(rubric, [{**row, "options": options}])
    after = {"key": "why", "kind": "text", "label": "Why?", "asked_when": {"criterion": "ends", "any": True}}
    with pytest.raises(RubricRefused, match="no one answer"):
        publish(rubric, [row, after])
    with pytest.raises(RubricRefused, match="2 and 5 responses"):
        publish(rubric, [row, make.PAIR_CRITERIA[0]])


@pytest.mark.django_db
def test_it_is_stored_read_back_and_listed_as_a_vote(project: Project, anonymous: Client) -> None:
    rows = [make.response(project, f"{name}!", question="Q?") for name in "abc"]
    first, second, third = (row.pk for row in rows)
    version = make.rubric_version(project, make.best_worst_criteria(), subject_size=3)
    review = make.review(make.subject(*rows), version, make.member(project), {"ends": {"best": third, "worst": first}})
    assert answers_of(review)["ends"] == Comparison.objects.get().ranking == [[third], [second], [first]]
    assert changed_reviews() == []
    headers = {"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"}
    (vote,) = anonymous.get("/api/v1/votes/?kind=best_worst", headers=headers).json()["results"]
    assert (vote["kind"], vote["value"]) == ("best_worst", [[third], [second], [first]])
    assert anonymous.get("/api/v1/votes/?kind=ranking", headers=headers).json()["results"] == []
