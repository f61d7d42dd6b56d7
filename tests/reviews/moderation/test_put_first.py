"""Items that are served before or after all others: nobody has passed them, and nothing is asked twice or lost."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.queues.claim import claim, remaining
from reviews.queues.invariants import INVARIANTS
from reviews.queues.items import move
from reviews.queues.models import Item, Place, Queue
from reviews.queues.submit import submit
from tests import make
from tests.races import at_once


def served(queue: Queue, member: Member, most: int = 99) -> list[int]:
    """The items that this person is given, each answered."""
    found: list[int] = []
    while len(found) < most and (turn := claim(queue, member)):
        submit(turn.token, member, make.ANSWERS, submission_id=uuid.uuid4())
        found.append(turn.item_id)
    return found


def test_the_first_and_the_last_in_line(project: Project, reviewer: Member, moderator: Member) -> None:
    queue = make.queue(project, k=1)
    first, second, third, fourth = (item.pk for item in make.items(queue, 4))
    act.put_first(Item.objects.get(pk=third), moderator, "A customer waits.")
    act.put_last(Item.objects.get(pk=first), moderator, "It can wait.")
    assert served(queue, reviewer) == [third, second, fourth, first]
    assert list(Action.objects.order_by("pk").values_list("kind", flat=True)) == ["put-first", "put-last"]
    facts = AuditEvent.objects.filter(verb="item-moved").order_by("pk").values_list("facts", flat=True)
    assert [(fact["where"], fact["places"]) for fact in facts] == [("first", 1), ("last", 1)]


def test_who_has_come_further_gets_it_next_and_once(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    queue = make.queue(project, k=2)
    items = [item.pk for item in make.items(queue, 5)]
    assert served(queue, reviewer, 2) == items[:2]
    act.put_first(Item.objects.get(pk=items[4]), moderator, "x")
    act.put_last(Item.objects.get(pk=items[1]), moderator, "x")
    assert served(queue, reviewer) == [items[4], items[2], items[3]]
    assert served(queue, other_reviewer) == [items[4], items[0], items[2], items[3], items[1]]
    assert Place.objects.exclude(state="filled").count() == 0


def test_more_reviews_are_asked_where_it_stands(project: Project, moderator: Member, reviewer: Member) -> None:
    queue = make.queue(project, k=1)
    item = make.items(queue, 3)[2]
    act.put_first(item, moderator, "x")
    act.ask_more(item, moderator, "x")
    assert served(queue, reviewer, 1) == served(queue, make.member(project), 1) == [item.pk]


def test_nothing_waits_so_nothing_moves(project: Project, moderator: Member, reviewer: Member) -> None:
    queue = make.queue(project, k=1)
    item = make.items(queue)[0]
    assert claim(queue, reviewer) is not None
    for verb in (act.put_first, act.put_last):
        with pytest.raises(act.Refused, match="No place of it is open"):
            verb(item, moderator, "x")
    assert not Action.objects.exists()


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_items_move_while_people_claim(project: Project) -> None:
    queue = make.queue(project, k=2)
    ids = [item.pk for item in make.items(queue, 60)]
    crew = [make.member(project, name=f"Racer {number}") for number in range(4)]

    def shuffle() -> list[int]:
        draw = random.Random(5)
        for _ in range(150):
            move(Item.objects.get(pk=draw.choice(ids)), first=draw.random() < 0.5)
        return []

    works: list[Any] = [lambda member=member: served(queue, member) for member in crew]
    done = at_once(*works, shuffle)
    assert all(len(given) == len(set(given)) for given in done)
    rest = [served(queue, member) for member in crew]  # what moved behind somebody who had just found nothing
    assert sum(map(len, done)) + sum(map(len, rest)) == 120
    assert [remaining(queue, member) for member in crew] == [0] * 4
    assert set(Item.objects.values_list("state", "n_filled")) == {("complete", 2)}
    for invariant in INVARIANTS:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise
