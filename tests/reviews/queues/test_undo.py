"""Undo: within the grace, before the item is settled; the place stays, and the next submit is a new revision."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db.models import F

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from reviews.queues.claim import claim, free_due_leases
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import ClaimLost, TooLate, can_undo, save_draft, skip, submit, undo, undoable
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, grace_seconds=60)


@pytest.fixture
def item(queue: Queue) -> Item:
    return make.items(queue)[0]


def answered(queue: Queue, reviewer: Member, **answers: object) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return submit(assignment.token, reviewer, {**make.ANSWERS, **answers}, submission_id=uuid.uuid4())


def test_it_gives_the_review_back_as_a_draft(queue: Queue, item: Item, reviewer: Member) -> None:
    done = answered(queue, reviewer, helpful=2)
    undo(done)
    stored = Assignment.objects.get()
    assert (stored.state, stored.draft["helpful"], stored.draft["grounded"]) == ("claimed", 2, "yes")
    assert Review.objects.get().withdrawn_at is not None
    place, item = Place.objects.get(), Item.objects.get()
    assert (place.state, place.assignment) == ("claimed", stored)
    assert (item.state, item.n_filled, item.completed_at, item.settle_after) == ("open", 0, None, None)
    assert AuditEvent.objects.filter(verb="review-undone", actor=str(reviewer.key)).exists()
    assert claim(queue, reviewer) == stored


def test_a_late_repeat_takes_no_later_review_back(queue: Queue, item: Item, reviewer: Member) -> None:
    first = answered(queue, reviewer)
    for _ in range(2):
        undo(first, first.review_id)
    again = answered(queue, reviewer, helpful=1)
    with pytest.raises(TooLate, match="Another review"):
        undo(again, first.review_id)
    assert Assignment.objects.get().state == "submitted"
    undo(again, again.review_id)
    assert Assignment.objects.get().state == "claimed"


def test_submitting_again_makes_the_next_revision(queue: Queue, item: Item, reviewer: Member) -> None:
    done = answered(queue, reviewer)
    undo(done)
    again = answered(queue, reviewer, helpful=1)
    withdrawn = {review.revision: review.withdrawn_at is not None for review in Review.objects.all()}
    assert withdrawn == {1: True, 2: False}
    assert again.review == Review.objects.get(revision=2)
    assert Item.objects.get().state == "complete"


def test_a_repeat_of_the_undone_submit_changes_nothing(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment, key = claim(queue, reviewer), uuid.uuid4()
    assert assignment is not None
    undo(submit(assignment.token, reviewer, make.ANSWERS, submission_id=key))
    with pytest.raises(ClaimLost, match="undone"):
        submit(assignment.token, reviewer, make.ANSWERS, submission_id=key)
    assert Review.objects.count() == 1


def test_after_the_grace_it_is_too_late(queue: Queue, item: Item, reviewer: Member) -> None:
    done = answered(queue, reviewer)
    assert undoable(queue, reviewer) == done
    assert can_undo(done)
    Assignment.objects.update(submitted_at=F("submitted_at") - timedelta(seconds=61))
    with pytest.raises(TooLate):
        undo(done)
    assert undoable(queue, reviewer) is None
    assert Review.objects.get().withdrawn_at is None


@pytest.mark.parametrize("state", ["settled", "unresolved"])
def test_a_settled_item_cannot_be_undone(queue: Queue, item: Item, reviewer: Member, state: str) -> None:
    done = answered(queue, reviewer)
    Item.objects.update(state=state)
    with pytest.raises(TooLate):
        undo(done)


def test_undoing_twice_is_undoing_once(queue: Queue, item: Item, reviewer: Member) -> None:
    done = answered(queue, reviewer)
    undo(done)
    save_draft(done.token, reviewer, {"helpful": 1})
    assert undo(done).draft == {"helpful": 1}
    assert AuditEvent.objects.filter(verb="review-undone").count() == 1


def test_what_was_undone_and_left_goes_to_somebody_else(
    queue: Queue, item: Item, reviewer: Member, other_reviewer: Member
) -> None:
    make.expired(undo(answered(queue, reviewer)))
    free_due_leases(10)
    assert answered(queue, other_reviewer).item == item


def test_what_was_undone_can_be_skipped(queue: Queue, item: Item, reviewer: Member, other_reviewer: Member) -> None:
    undone = undo(answered(queue, reviewer))
    skip(undone.token, reviewer, "not-sure")
    assert answered(queue, other_reviewer).state == "submitted"


def test_an_undone_surplus_review_holds_no_place(
    queue: Queue, item: Item, reviewer: Member, other_reviewer: Member
) -> None:
    late = claim(queue, reviewer)
    assert late is not None
    make.expired(late)
    counted = answered(queue, other_reviewer)
    surplus = submit(late.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4())
    undo(surplus)
    assert Place.objects.get().assignment == counted
    assert claim(queue, reviewer) is None
    again = submit(late.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4())
    assert (again.state, again.review and again.review.revision) == ("surplus", 2)
