"""What changed between versions, in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.rubrics.changes import changes
from feedback.rubrics.forms import whole
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from feedback.rubrics.ready import helpfulness_rubric

YES_NO = whole({"key": "g", "kind": "yes_no", "label": "Grounded?", "fails_when": {"values": ["no"]}})
SCALE = whole({"key": "s", "kind": "scale", "label": "Good?", "options": {"min": 1, "max": 5, "anchors": {"1": "Bad"}}})
ENTRIES = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
CHOICE = whole({"key": "c", "kind": "choice", "label": "Which?", "options": {"choices": ENTRIES}})


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (YES_NO, {**YES_NO, "help_text": "Look."}, "Its help says “Look.”."),
        (YES_NO, {**YES_NO, "is_required": False}, "Is optional now."),
        (YES_NO, {**YES_NO, "options": {"unsure": True}}, "Offers “Unsure” now."),
        (YES_NO, {**YES_NO, "fails_when": {}}, "Never fails now."),
        (YES_NO, {**YES_NO, "fails_when": {"values": ["yes"]}},
         "Fails when settled as Yes, not: fails when settled as No."),
        (YES_NO, {**SCALE, "key": "g", "label": "Grounded?"}, "Is answered by Scale instead of Yes or no."),
        (SCALE, {**SCALE, "options": {**SCALE["options"], "max": 7}}, "The highest point is 7 instead of 5."),
        (SCALE, {**SCALE, "options": {"min": 1, "max": 5}}, "1 has no words of its own any more."),
        (SCALE, {**SCALE, "options": {"min": 1, "max": 5, "anchors": {"1": "Poor"}}}, "1 means “Poor”."),
        (CHOICE, {**CHOICE, "options": {"choices": ENTRIES[::-1]}}, "The order of each answer is another."),
        (CHOICE, {**CHOICE, "options": {"choices": ENTRIES[:1]}}, "The answer B is gone."),
        (CHOICE, {**CHOICE, "options": {"choices": [*ENTRIES, {"value": "c", "label": "C"}]}}, "New answer: C."),
        (CHOICE, {**CHOICE, "options": {"choices": [{"value": "a", "label": "Aa"}, ENTRIES[1]]}},
         "The answer A reads Aa now."),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(old: Any, new: Any, line: str) -> None:
    (change,) = changes([old], [new])
    assert (change.what, change.lines) == ("changed", [line])


def test_what_is_the_same_is_not_told() -> None:
    assert changes([YES_NO, SCALE, CHOICE], [YES_NO, SCALE, CHOICE]) == []


def test_added_removed_and_moved() -> None:
    found = changes([YES_NO, SCALE], [SCALE, YES_NO, CHOICE])
    assert [(change.what, change.key) for change in found] == [("changed", "s"), ("changed", "g"), ("added", "c")]
    assert found[0].lines == ["Stands at place 1 instead of 2."]
    assert [(change.what, change.key) for change in changes([YES_NO, SCALE], [SCALE])] == [("removed", "g")]


def test_a_condition_is_told_in_words() -> None:
    waiting = {**SCALE, "asked_when": {"criterion": "g", "values": ["no"]}}
    (change,) = changes([YES_NO, SCALE], [YES_NO, waiting])
    assert change.lines == ["Asked only if “Grounded?” is No."]


def compare(rubric: Rubric, query: str = "") -> str:
    return reverse("rubrics:version-compare", kwargs={"project": rubric.project.slug, "pk": rubric.pk}) + query


@pytest.fixture
def rubric(curator: Member) -> Rubric:
    rubric = Rubric.objects.create(project=curator.project, name="Answers")
    publish(rubric, [YES_NO], "Read the question.")
    publish(rubric, [{**YES_NO, "label": "Well grounded?"}, SCALE], "Read the sources.")
    return rubric


def test_the_page_compares_the_newest_two(rubric: Rubric, curator: Member, client_of: Any) -> None:
    page = client_of(curator).get(compare(rubric)).text
    assert "<ins>Well</ins>" in page or "<ins>Well grounded</ins>" in page
    assert "<del>question</del><ins>sources</ins>" in page
    assert "Good?" in page


def test_any_two_can_be_named_and_unknown_ones_are_not_found(rubric: Rubric, curator: Member, client_of: Any) -> None:
    client = client_of(curator)
    assert "asks just what" in client.get(compare(rubric, "?from=1&to=1")).text
    assert client.get(compare(rubric, "?from=9")).status_code == 404
    fragment = client.get(compare(rubric, "?from=2&to=1"), headers={"HX-Request": "true"})
    assert "<html" not in fragment.text


def test_what_was_never_published_has_nothing_to_compare(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="New")
    assert "Nothing to compare" in client_of(curator).get(compare(rubric)).text


def test_queries_do_not_grow_with_versions(
    rubric: Rubric, curator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        publish(rubric, [{**YES_NO, "label": f"Version {number}?"}])
    client = client_of(curator)
    with django_assert_max_num_queries(8):
        client.get(compare(rubric))


def test_others_are_refused(rubric: Rubric, reviewer: Member, outsider: Member, client_of: Any) -> None:
    assert client_of(reviewer).get(compare(rubric)).status_code == 403
    assert client_of(outsider).get(compare(rubric)).status_code == 404
    assert helpfulness_rubric(outsider.project).rubric.pk != rubric.pk
