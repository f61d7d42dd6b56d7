"""The items that ask about a response."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member, Project
from reviews.queues.items import add_items
from reviews.queues.models import Item
from tests import make


def address(pk: int) -> str:
    return f"/p/travel/responses/{pk}/items/"


def test_items_are_listed_with_state_and_reviews(
    project: Project, curator: Member, django_assert_max_num_queries: Any
) -> None:
    response = make.response(project)
    subject = make.subject(response)
    for _ in range(3):
        queue = make.queue(project, k=3)
        add_items(queue, [subject.pk])
    Item.objects.filter(queue=queue).update(
        n_filled=2, state="unresolved", rule_label="weekly v2", inclusion_probability=0.25
    )
    browser = make.SignedIn(curator)
    with django_assert_max_num_queries(5):
        text = browser.get(address(response.pk)).text
    for words in (
        queue.name,
        "2 of 3",
        "0 of 3",
        "In dispute",
        "weekly v2 with probability 0.250",
        "Not drawn by a rule",
    ):
        assert words in text, words
    assert "<h1>Items in queues</h1>" in text


def test_the_region_alone_for_htmx(project: Project, curator: Member) -> None:
    response = make.response(project)
    text = make.SignedIn(curator).get(address(response.pk), headers={"HX-Request": "true"}).text
    assert "In no queue yet" in text
    assert "<h1>" not in text


def test_who_may_not_and_another_project(
    project: Project, reviewer: Member, curator: Member, other_project: Project
) -> None:
    assert make.SignedIn(reviewer).get(address(make.response(project).pk)).status_code == 403
    assert make.SignedIn(curator).get(address(make.response(other_project).pk)).status_code == 404
    assert make.SignedIn(curator).post(address(make.response(project).pk)).status_code == 405
