"""Extra places: one person more, beside the k; nobody can tell, and nothing that counts changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.quality import invariants as quality
from reviews.quality.settle import settle_complete_items
from reviews.queues import invariants as queues
from reviews.queues import items as items_of
from reviews.queues.claim import claim, remaining, remaining_by_queue
from reviews.queues.extra import add_extra, overtaken, withdraw_extra
from reviews.queues.leases import free_due_leases
from reviews.queues.models import Assignment, Item, Place, Qualification, Queue
from reviews.queues.submit import can_undo, skip, submit, undo, undoable
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, grace_seconds=600)


@pytest.fixture
def settled(queue: Queue, other_reviewer: Member) -> Item:
    """An item that another person has reviewed and that is settled."""
    make.counted(queue, make.subject(make.response(queue.project)), other_reviewer, make.ANSWERS)
    Item.objects.update(settle_after=None)
    assert settle_complete_items() == 1
    return Item.objects.get()


def hand_in(turn: Assignment | None, **answers: Any) -> Assignment:
    assert turn is not None
    return submit(turn.token, turn.reviewer, {**make.ANSWERS, **answers}, submission_id=uuid4())


@pytest.fixture(autouse=True)
def sound() -> Iterator[None]:
    """Whatever happened, `verify` has nothing to say."""
    yield
    for invariant in [*queues.INVARIANTS, *quality.INVARIANTS]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise


def test_it_is_claimed_and_counts_for_nothing(queue: Queue, settled: Item, reviewer: Member) -> None:
    add_extra(settled, reviewer)
    turn = hand_in(claim(queue, reviewer), grounded="no")
    assert (turn.item, turn.state, turn.is_extra) == (settled, "submitted", True)
    settled.refresh_from_db()
    assert (settled.state, settled.k, settled.n_filled) == ("settled", 1, 1)
    assert settle_complete_items() == 0
    assert Verdict.objects.get().n_reviews == 1


def test_it_is_for_its_person_alone(queue: Queue, settled: Item, reviewer: Member, admin: Member) -> None:
    add_extra(settled, reviewer)
    assert claim(queue, admin) is None
    assert add_extra(settled, reviewer) is None


def test_who_had_a_turn_gets_none(settled: Item, other_reviewer: Member) -> None:
    assert add_extra(settled, other_reviewer) is None


def test_it_comes_after_so_many_submits(queue: Queue, settled: Item, reviewer: Member) -> None:
    make.items(queue, 5)
    add_extra(settled, reviewer, after_submits=2, since=timezone.now())
    found = [hand_in(claim(queue, reviewer)).is_extra for _ in range(4)]
    assert found == [False, False, True, False]


def test_what_is_left_falls_by_one_with_each_review(queue: Queue, settled: Item, reviewer: Member) -> None:
    make.items(queue, 5)
    add_extra(settled, reviewer, after_submits=2, since=timezone.now())
    left = [remaining(queue, reviewer)]
    for _ in range(6):
        turn = claim(queue, reviewer)
        left.append(remaining(queue, reviewer))
        assert remaining_by_queue(reviewer) == {queue.pk: left[-1]}
        hand_in(turn)
    assert left == [6, 5, 4, 3, 2, 1, 0]


def test_one_that_is_too_far_ahead_is_not_left(queue: Queue, settled: Item, reviewer: Member) -> None:
    make.items(queue, 2)
    add_extra(settled, reviewer, after_submits=9, since=timezone.now())
    assert remaining(queue, reviewer) == 2


def test_it_can_be_undone_though_its_item_is_settled(queue: Queue, settled: Item, reviewer: Member) -> None:
    add_extra(settled, reviewer)
    turn = hand_in(claim(queue, reviewer))
    turn.refresh_from_db()
    assert undoable(queue, reviewer) == turn
    assert can_undo(turn)
    undo(turn)
    assert claim(queue, reviewer) == turn
    assert hand_in(turn).state == "submitted"
    assert Item.objects.get(pk=settled.pk).state == "settled"


def test_skipping_ends_it_and_asks_nobody_else(queue: Queue, settled: Item, reviewer: Member, admin: Member) -> None:
    place = add_extra(settled, reviewer)
    turn = claim(queue, reviewer)
    assert turn is not None
    skip(turn.token, reviewer, "unclear")
    assert Place.objects.get(pk=place.pk).state == "withdrawn"  # type: ignore[union-attr]
    assert claim(queue, admin) is None
    assert Item.objects.get(pk=settled.pk).state == "settled"


def test_after_the_lease_it_waits_for_the_same_person(
    queue: Queue, settled: Item, reviewer: Member, admin: Member
) -> None:
    add_extra(settled, reviewer, after_submits=0, since=timezone.now())
    turn = claim(queue, reviewer)
    assert turn is not None
    make.expired(turn)
    free_due_leases()
    assert claim(queue, admin) is None
    assert claim(queue, reviewer) == turn
    make.expired(turn)
    assert claim(queue, admin) is None  # a claim frees due places too
    assert hand_in(turn).state == "submitted"


def test_a_late_submit_counts_though_it_was_withdrawn(queue: Queue, settled: Item, reviewer: Member) -> None:
    place = add_extra(settled, reviewer)
    turn = claim(queue, reviewer)
    assert turn is not None
    assert place is not None
    make.expired(turn)
    free_due_leases()
    assert withdraw_extra(Place.objects.filter(pk=place.pk)) == 1
    assert hand_in(turn).state == "submitted"
    assert Place.objects.get(pk=place.pk).state == "filled"


def test_invalidating_and_restoring_leave_the_item_alone(
    queue: Queue, settled: Item, reviewer: Member, moderator: Member
) -> None:
    add_extra(settled, reviewer)
    turn = hand_in(claim(queue, reviewer))
    items_of.invalidate(turn, moderator)
    assert Verdict.objects.get().is_current
    items_of.restore(turn, moderator)
    turn.refresh_from_db()
    assert (turn.state, turn.place.state) == ("submitted", "filled")
    assert Item.objects.get(pk=settled.pk).state == "settled"


def test_asking_for_more_and_fewer_leaves_it_open(queue: Queue, settled: Item, reviewer: Member) -> None:
    place = add_extra(settled, reviewer)
    assert items_of.set_k(settled, 2) == 2
    assert items_of.set_k(settled, 1) == 1
    assert Place.objects.get(pk=place.pk).state == "open"  # type: ignore[union-attr]


def test_a_withdrawn_item_asks_nobody(queue: Queue, settled: Item, reviewer: Member) -> None:
    add_extra(settled, reviewer)
    items_of.withdraw(settled)
    assert claim(queue, reviewer) is None
    items_of.put_back(settled, 1)
    assert Item.objects.get(pk=settled.pk).k == 1


def test_who_came_to_the_item_elsewhere_is_overtaken(queue: Queue, reviewer: Member) -> None:
    item = make.items(queue)[0]
    add_extra(item, reviewer, after_submits=9, since=timezone.now())
    assert not overtaken(Place.objects.all()).exists()
    assert not hand_in(claim(queue, reviewer)).is_extra
    assert overtaken(Place.objects.all()).count() == 1


def test_a_training_comes_first(queue: Queue, reviewer: Member, desk: Any, project: Project) -> None:
    make.items(queue, 2)
    training = make.queue(project, is_training=True)
    Queue.objects.filter(pk=queue.pk).update(training=training)
    assert claim(queue, reviewer) is None
    assert remaining(queue, reviewer) == 0
    Qualification.objects.create(project=project, queue=training, member=reviewer)
    assert claim(queue, reviewer) is not None
    assert Place.objects.filter(claimed_at__lte=Now()).count() == 1
