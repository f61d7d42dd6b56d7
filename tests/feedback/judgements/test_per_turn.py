"""A choice about each turn or step: numbers that stay, checked against the conversation, stored in its order."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from feedback.judgements.answers import check_answers
from feedback.judgements.invariants import changed_reviews
from feedback.judgements.material import Material, SourceText, numbers_of
from feedback.judgements.models import Rating
from feedback.judgements.record import answers_of, check
from feedback.judgements.refusal import AnswersRefused
from feedback.responses.turns import turns_of
from feedback.rubrics.models import Criterion, Rubric
from feedback.rubrics.publish import RubricRefused, publish
from tests import make

TALK = Material({1: SourceText(1, "", "")}, turns={"assistant": (3, 5), "step": ()})
BOTH = {"5": "bad", "3": "good"}


def checked(value: Any, *, of: str = "assistant", needed: str = "all", **fields: Any) -> Any:
    options = make.turns_criteria(of, required_turns=needed)[0]["options"]
    criterion = Criterion(key="q", kind="per_turn", options=options, label="?", **fields)
    return check_answers(TALK, [criterion], {"q": value}).answers.get("q")


def test_turns_are_places_among_the_messages_and_steps_are_counted() -> None:
    said = turns_of(make.TALK, "Yes, at noon.", [], "assistant")
    assert [tuple(turn) for turn in said] == [(3, 3, "Let me look."), (5, 5, "Yes, at noon.")]
    assert [tuple(turn) for turn in turns_of(make.TALK, "", [make.CALL], "step")] == [
        (1, 3, "search"), (2, 3, "search"), (3, 5, "search"),
    ]  # fmt: skip
    assert turns_of([], "", [make.CALL], "assistant")[0].words == "search"
    assert len(turns_of([], "word " * 90, [], "assistant")[0].words) == 80


def test_an_answer_stands_in_the_order_of_the_turns() -> None:
    assert list(checked(BOTH).items()) == [("3", "good"), ("5", "bad")]
    assert checked({"5": "bad", "3": None}, needed="any") == {"5": "bad"}


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        ({"3": "good"}, ["/q/5"]),
        ({**BOTH, "4": "good"}, ["/q/4"]),
        ({**BOTH, "03": "good"}, ["/q/03"]),
        ({"3": "great", "5": "bad"}, ["/q/3"]),
        ({"3": ["good"], "5": 1}, ["/q/3", "/q/5"]),
        (["3=good"], ["/q"]),
        ({}, ["/q"]),
        ({"3": ""}, ["/q"]),
        (None, ["/q"]),
    ],
)
def test_anything_else_is_refused_where_it_is_wrong(value: Any, pointers: list[str]) -> None:
    with pytest.raises(AnswersRefused) as refusal:
        checked(value)
    assert [error["pointer"] for error in refusal.value.errors] == pointers


def test_where_nothing_is_to_be_judged_nothing_is_needed() -> None:
    assert checked({}, of="step") is None
    with pytest.raises(AnswersRefused, match="no such step"):
        checked({"1": "good"}, of="step")


@pytest.mark.django_db
def test_a_rubric_asks_it_of_single_responses_and_never_waits(project: Project) -> None:
    rubric = Rubric.objects.create(project=project, name="Turns")
    row, why = make.turns_criteria("step")
    assert publish(rubric, [row]).subject_size == 1
    wrong: list[dict[str, Any]] = [{"of": "user"}, {"required_turns": "some"}, {"choices": []}, {"min_chosen": 1}]
    for options in wrong:
        with pytest.raises(RubricRefused):
            publish(rubric, [{**row, "options": row["options"] | options}])
    with pytest.raises(RubricRefused, match="no one answer"):
        publish(rubric, [row, {**why, "asked_when": {"criterion": "turns", "values": ["bad"]}}])
    first = {"key": "ok", "kind": "yes_no", "label": "OK?"}
    with pytest.raises(RubricRefused, match="cannot wait"):
        publish(rubric, [first, {**row, "asked_when": {"criterion": "ok", "values": ["no"]}}])
    with pytest.raises(RubricRefused, match="1 and 2 responses"):
        publish(rubric, [row, make.PAIR_CRITERIA[0]])
    with pytest.raises(RubricRefused):
        publish(rubric, [row], subject_size=2)


@pytest.mark.django_db
def test_it_is_stored_read_back_and_listed_as_a_vote(project: Project, anonymous: Client) -> None:
    response = make.talk(project)
    assert numbers_of(response.pk) == {"assistant": [3, 5], "step": [1, 2]}
    version = make.rubric_version(project, make.turns_criteria())
    review = make.review(make.subject(response), version, make.member(project), {"turns": BOTH})
    assert Rating.objects.get().chosen == ["3=good", "5=bad"]
    assert answers_of(review)["turns"] == BOTH
    assert changed_reviews() == []
    headers = {"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"}
    (vote,) = anonymous.get("/api/v1/votes/?kind=per_turn", headers=headers).json()["results"]
    assert (vote["kind"], vote["value"]) == ("per_turn", BOTH)


@pytest.mark.django_db
def test_checking_it_reads_the_conversation_once(project: Project, django_assert_num_queries: Any) -> None:
    version = make.rubric_version(project, make.turns_criteria("step"))
    subject = make.subject(make.talk(project))
    check(subject, version, {"turns": {"1": "good", "2": "bad"}})  # the criteria are read once a process
    with django_assert_num_queries(1):
        check(subject, version, {"turns": {"1": "good", "2": "bad"}})
