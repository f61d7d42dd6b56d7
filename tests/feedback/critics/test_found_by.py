"""Responses are found by what critics said of them: on the page, over REST and in sampling rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.critics.assess import assess
from feedback.responses.filters import StrictResponseFilter, drawable
from feedback.responses.models import Response
from reviews.sampling.suspects import OF_ORIGIN
from tests import make

NAMES = ("critic", "critic_version", "critic_label", "critic_below", "critic_above")


def say(project: Project, response: str, version: str, **said: Any) -> None:
    slug, _, label = version.partition(" ")
    assert assess(project, [{"response": response, "critic": {"slug": slug, "version": label}, **said}]).accepted == 1


@pytest.fixture
def judged(project: Project) -> Project:
    """`a`: the third grounding critic doubts, tone is fine. `b`: the fourth doubts, the third did not. `c`: nobody."""
    for name in "abc":
        make.response(project, external_id=name)
    say(project, "a", "grounding 3", score=0.2, label="not grounded")
    say(project, "a", "tone 1", score=0.9, label="kind")
    say(project, "b", "grounding 3", score=0.8, label="grounded")
    say(project, "b", "grounding 4", score=0.4, label="not grounded")
    return project


def found(project: Project, **parameters: str) -> str:
    filterset = StrictResponseFilter(parameters, queryset=Response.objects.filter(project=project))
    assert filterset.is_valid(), filterset.errors
    return "".join(sorted(filterset.qs.values_list("external_id", flat=True)))


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"critic": "grounding"}, "ab"), ({"critic": "tone"}, "a"), ({"critic_label": "not grounded"}, "ab"),
        ({"critic_label": "grounded"}, "b"), ({"critic_below": "0.4"}, "a"), ({"critic_above": "0.8"}, "a"),
        ({"critic_version": "4"}, "b"), ({"critic": "grounding", "critic_version": "3"}, "ab"), ({"critic": "no"}, ""),
        ({"critic": "grounding", "critic_version": "3", "critic_label": "not grounded"}, "a"),
        ({"critic_above": "0.3", "critic_below": "0.5"}, "b"), ({}, "abc"),
    ],
)  # fmt: skip
def test_one_assessment_meets_all_that_is_asked(judged: Project, parameters: dict[str, str], names: str) -> None:
    assert found(judged, **parameters) == names


def test_two_assessments_together_meet_nothing(judged: Project) -> None:
    assert found(judged, critic="grounding", critic_label="kind") == ""
    assert found(judged, critic="tone", critic_below="0.5") == ""


def test_a_response_with_two_of_them_is_found_once(judged: Project) -> None:
    say(judged, "a", "grounding 4", score=0.1, label="not grounded")
    assert found(judged, critic_label="not grounded") == "ab"


@pytest.mark.parametrize(("name", "value"), [("critic_below", "2"), ("critic_above", "much"), ("critic", "x" * 61)])
def test_what_cannot_be_read_is_an_error(project: Project, name: str, value: str) -> None:
    assert list(StrictResponseFilter({name: value}, queryset=Response.objects.all()).errors) == [name]


def test_another_project_is_not_told(judged: Project, other_project: Project) -> None:
    make.response(other_project, external_id="a")
    say(other_project, "a", "grounding 3", score=0.2, label="not grounded")
    assert found(judged, critic="grounding", critic_label="not grounded") == "ab"
    assert found(other_project, critic_label="not grounded") == "a"


def test_a_rule_draws_what_critics_doubt_and_its_draw_counts_as_suspects(judged: Project) -> None:
    wanted = {"critic": "grounding", "critic_label": "not grounded", "critic_below": 0.3}
    assert [row.external_id for row in drawable(judged, wanted)] == ["a"]
    assert OF_ORIGIN.isdisjoint(NAMES)


def test_programs_ask_the_same(judged: Project) -> None:
    client = Client(headers={"Authorization": f"Bearer {make.api_key(judged, 'responses:read')}"})
    answer = client.get("/api/v1/responses/", {"critic_label": "grounded"}).json()
    assert [row["external_id"] for row in answer["results"]] == ["b"]


def test_the_page_offers_critics_and_says_what_is_set(
    judged: Project, curator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    browser = client_of(curator)
    browser.get("/p/travel/responses/")
    with django_assert_max_num_queries(11):
        text = browser.get("/p/travel/responses/?critic=grounding&critic_label=grounded").text
    assert '<option value="grounding" selected>' in text
    assert "Critic label" in text
    assert "1 response" in text
