"""Blind names: stable, drawn, and nobody is A everywhere."""

from __future__ import annotations

import pytest

from feedback.accounts.models import Member, Project
from reviews.quality.names import letter, letters_of
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make

ANSWERS = make.ANSWERS


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project, name=f"P{number}") for number in range(3)]


def item_of(queue: Queue, people: list[Member]) -> Item:
    subject = make.subject(make.response(queue.project))
    for person in people:
        make.counted(queue, subject, person, ANSWERS)
    return Item.objects.select_related("project", "queue").get(queue=queue, subject=subject)


def who_is(item: Item) -> dict[str, int]:
    letters = letters_of(item)
    return {letters[turn.pk]: turn.reviewer_id for turn in item.assignments.filter(pk__in=letters)}


def test_everybody_has_a_letter_of_their_own(project: Project, people: list[Member]) -> None:
    assert sorted(who_is(item_of(make.queue(project), people))) == ["A", "B", "C"]


def test_the_order_of_claiming_says_nothing(project: Project, people: list[Member]) -> None:
    queue = make.queue(project)
    firsts = {who_is(item_of(queue, people))["A"] for _ in range(40)}  # one is missing once in a million
    assert firsts == {person.pk for person in people}


def test_names_stay_when_others_come_later(project: Project, people: list[Member]) -> None:
    queue = make.queue(project)
    for _ in range(6):
        item = item_of(queue, people[:2])
        settle_complete_items()
        before = who_is(item)
        make.counted(queue, item.subject, people[2], ANSWERS)
        assert who_is(item) == {**before, "C": people[2].pk}


def test_an_invalidated_review_keeps_its_name(project: Project, people: list[Member]) -> None:
    item = item_of(make.queue(project), people)
    before = who_is(item)
    item.assignments.filter(reviewer=people[0]).update(state="invalidated")
    assert who_is(item) == before


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]
