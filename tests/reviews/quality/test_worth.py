"""Disputes are ordered by what settling them is worth; the moderator may have the oldest first."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from reviews.moderation import act
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make

pytestmark = pytest.mark.django_db

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


def dispute(project: Project, *answers: dict[str, Any], chance: float | None = None) -> Adjudication:
    queue, subject = make.queue(project, k=len(answers)), make.subject(make.response(project))
    for answer in answers:
        make.counted(queue, subject, make.member(project), answer)
    Item.objects.filter(queue=queue).update(inclusion_probability=chance)
    settle_complete_items()
    return Adjudication.objects.get(item__queue=queue)


def test_value_is_what_it_stands_for_what_hangs_on_it_and_how_far_apart_they_are(project: Project) -> None:
    failing = any(c.fails_when for c in make.rubric_version(project).criteria.filter(key="grounded"))
    stakes = 2 if failing else 1
    assert dispute(project, GOOD, BAD).value == pytest.approx(stakes * 0.5)
    assert dispute(project, GOOD, BAD, chance=0.1).value == pytest.approx(stakes * 5)


def test_a_reopened_verdict_is_worth_what_the_others_said(project: Project, moderator: Member) -> None:
    queue, subject = make.queue(project, k=3), make.subject(make.response(project))
    for answer in (GOOD, GOOD, BAD):
        make.counted(queue, subject, make.member(project), answer)
    settle_complete_items()
    act.contest(Item.objects.get(), moderator, "Look again.", ["grounded"])
    assert Adjudication.objects.get().value == pytest.approx(2 / 3)


@pytest.fixture
def three(project: Project) -> list[Adjudication]:
    return [dispute(project, GOOD, BAD, chance=chance) for chance in (None, 0.01, None)]


def test_the_most_valuable_comes_first_then_the_oldest(
    three: list[Adjudication], project: Project, moderator: Member, client_of: Any
) -> None:
    client, order = client_of(moderator), [1, 0, 2]
    here = reverse("quality:unsettled", kwargs={"project": project.slug})
    for query, places in (("", order), ("?order=oldest", [0, 1, 2]), ("?order=nonsense", order)):
        rows = client.get(here + query).context["rows"]
        assert [row["dispute"] for row in rows] == [three[place] for place in places]
    assert [row["stands_for"] for row in client.get(here).context["rows"]] == [100, 1, 1]


@pytest.mark.parametrize(("query", "places"), [("", [1, 0, 2]), ("order=oldest", [0, 1, 2])])
def test_next_goes_through_all_in_that_order_and_round(
    three: list[Adjudication], project: Project, moderator: Member, client_of: Any, query: str, places: list[int]
) -> None:
    client, visited = client_of(moderator), []
    where = reverse("quality:next", kwargs={"project": project.slug}) + f"?{query}"
    for _ in range(4):
        page = client.get(where, follow=True)
        visited.append(page.context["dispute"])
        where = page.context["next_url"]
        assert ("order=oldest" in where) == bool(query)
    assert visited == [three[place] for place in [*places, places[0]]]
