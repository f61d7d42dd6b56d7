"""The verdicts on a response, in words."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from tests import make

FRAGMENT = {"HX-Request": "true"}


def address(pk: int) -> str:
    return f"/p/travel/responses/{pk}/verdicts/"


def flag(kind: str) -> dict[str, Any]:
    return {"start": 0, "end": 3, "quote": "You", "kind": kind, "severity": "minor"}


def test_a_verdict_is_told_in_words_with_its_votes(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member, django_assert_max_num_queries: Any
) -> None:
    response = make.response(project)
    subject, version = make.subject(response), make.rubric_version(project)
    answers = ({"grounded": "no", "helpful": 2}, {"grounded": "no", "helpful": 3}, {"grounded": "yes", "helpful": 4})
    people = (reviewer, other_reviewer, moderator)
    marked = {"flags": [flag("unsupported")]}
    reviews = [
        make.review(subject, version, who, {**given, **marked}) for who, given in zip(people, answers, strict=True)
    ]
    make.verdict(subject, version, reviews, queue_label="Groundedness", rule_label="weekly v2")
    browser = make.SignedIn(moderator)
    with django_assert_max_num_queries(6):
        text = browser.get(address(response.pk)).text
    for words in ("Failed", "Groundedness", "Grounded in the sources?", "No", "2 of 3", "3 of 5", "Marked: Unsupported",
                  "3 of 3", "weekly v2", "by the reviewers"):  # fmt: skip
        assert words in text, words
    assert "<h1>Verdicts</h1>" in text


def test_a_comparison_says_which_side_this_one_was_on(project: Project, reviewer: Member, curator: Member) -> None:
    better, worse = (make.response(project, text, question="Which?") for text in ("30 days.", "60 days."))
    subject, version = make.subject(better, worse), make.rubric_version(project, subject_size=2)
    given = {"better": {"outcome": "preferred", "preferred": better.pk, "strength": 1}}
    review = make.review(subject, version, reviewer, given, shown_order=[better.pk, worse.pk])
    make.verdict(subject, version, [review], method=Verdict.Method.IMPORTED)
    browser = make.SignedIn(curator)
    fragment = browser.get(address(better.pk), headers=FRAGMENT).text
    assert "This response is better" in fragment
    assert "by imported labels" in fragment
    assert "<h1>" not in fragment
    assert "Another response is better" in browser.get(address(worse.pk)).text


def test_superseded_ones_come_last(project: Project, reviewer: Member, curator: Member) -> None:
    response = make.response(project)
    subject, version = make.subject(response), make.rubric_version(project)
    review = make.review(subject, version, reviewer, make.ANSWERS)
    make.verdict(subject, version, [review], is_current=False, queue_label="Before")
    make.verdict(subject, version, [review], queue_label="Now", method="adjudicated")
    make.verdict(subject, version, [review], is_current=False, queue_label="Long before")
    text = make.SignedIn(curator).get(address(response.pk)).text
    assert text.index("Now") < text.index("Long before")
    assert text.count("Superseded") == 2
    assert "by a moderator" in text


def test_none_yet_and_who_may_not(project: Project, reviewer: Member, curator: Member, other_project: Project) -> None:
    response, foreign = make.response(project), make.response(other_project)
    browser = make.SignedIn(curator)
    assert "No verdict yet" in browser.get(address(response.pk)).text
    assert browser.get(address(foreign.pk)).status_code == 404
    assert browser.post(address(response.pk)).status_code == 405
    assert make.SignedIn(reviewer).get(address(response.pk)).status_code == 403


def test_several_chosen_answers_are_told(project: Project, reviewer: Member) -> None:
    choices = [{"value": value, "label": value.capitalize()} for value in ("rude", "biased", "long")]
    criterion = {"key": "wrong", "kind": "multi_choice", "label": "Wrong", "options": {"choices": choices}}
    version = make.rubric_version(project, criteria=[criterion])
    response = make.response(project)
    subject = make.subject(response)
    review = make.review(subject, version, reviewer, {"wrong": ["rude", "long"]})
    make.verdict(subject, version, [review])
    moderator = make.member(project, "moderator")
    assert "Rude, Long" in make.SignedIn(moderator).get(address(response.pk)).text
