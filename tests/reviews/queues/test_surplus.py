"""Late work is never thrown away: counted when there is room, kept as surplus, and first in line when a place frees."""

from __future__ import annotations

import uuid

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from reviews.queues.claim import claim, free_due_leases, release
from reviews.queues.items import invalidate, set_k
from reviews.queues.leases import promote_waiting
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import skip, submit
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, grace_seconds=60)


def held(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return assignment


def answered(assignment: Assignment, helpful: int = 4) -> Assignment:
    answers = {**make.ANSWERS, "helpful": helpful}
    return submit(assignment.token, assignment.reviewer, answers, submission_id=uuid.uuid4())


def late_surplus(queue: Queue, reviewer: Member, other: Member) -> tuple[Assignment, Assignment]:
    """A surplus review, and the claim that has its place."""
    late = make.expired(held(queue, reviewer))
    claimed = held(queue, other)
    assert claimed.item_id == late.item_id
    return answered(late), claimed


def test_a_late_submit_counts_while_nobody_has_the_place(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    late = make.expired(held(queue, reviewer))
    free_due_leases(10)
    assert answered(late).state == "submitted"
    assert Place.objects.get().assignment == late


def test_a_late_submit_counts_in_a_lease_that_nobody_ended(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assert answered(make.expired(held(queue, reviewer))).state == "submitted"


def test_a_late_submit_beside_a_taken_place_is_surplus(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    surplus, claimed = late_surplus(queue, reviewer, other_reviewer)
    assert surplus.state == "surplus"
    assert answered(claimed).state == "submitted"
    item.refresh_from_db()
    assert (item.n_filled, item.k, item.state, Review.objects.count()) == (1, 1, "complete", 2)


def test_a_repeated_surplus_submit_gives_the_same_result(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    make.items(queue)
    late, key = make.expired(held(queue, reviewer)), uuid.uuid4()
    held(queue, other_reviewer)
    states = {submit(late.token, reviewer, make.ANSWERS, submission_id=key).state for _ in range(2)}
    assert (states, Review.objects.count()) == ({"surplus"}, 1)


@pytest.mark.parametrize("way", ["skip", "release", "expire", "expire-in-claim"])
def test_a_place_that_frees_goes_to_the_surplus_before_anyone_new(
    queue: Queue, project: Project, reviewer: Member, other_reviewer: Member, way: str
) -> None:
    (item,) = make.items(queue)
    surplus, claimed = late_surplus(queue, reviewer, other_reviewer)
    if way == "skip":
        skip(claimed.token, other_reviewer, "not-sure")
    elif way == "release":
        release(claimed, soon=False)
    else:
        make.expired(claimed)
        if way == "expire":
            free_due_leases(10)
    assert claim(queue, make.member(project)) is None
    free_due_leases(10)  # where a claim left the place to the sweep
    surplus.refresh_from_db()
    item.refresh_from_db()
    assert (surplus.state, item.state, item.n_filled) == ("submitted", "complete", 1)
    assert Place.objects.get().assignment == surplus


def test_the_oldest_surplus_is_promoted_when_a_review_is_invalidated(
    queue: Queue, project: Project, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    (item,) = make.items(queue)
    oldest, claimed = late_surplus(queue, reviewer, other_reviewer)
    make.expired(claimed)
    Place.objects.update(state="open", assignment=None, lease_until=None)
    counted = answered(held(queue, make.member(project)))
    newer = answered(claimed)
    assert (counted.state, newer.state) == ("submitted", "surplus")
    invalidate(counted, moderator)
    states = {row.pk: row.state for row in Assignment.objects.all()}
    assert states == {oldest.pk: "submitted", newer.pk: "surplus", counted.pk: "invalidated"}
    assert list(Review.objects.filter(invalidated_at__isnull=False)) == [counted.review]
    assert Item.objects.get(pk=item.pk).n_filled == 1


def test_raising_k_counts_the_surplus_first(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    surplus, claimed = late_surplus(queue, reviewer, other_reviewer)
    answered(claimed)
    assert set_k(item, 2) == 2
    surplus.refresh_from_db()
    item.refresh_from_db()
    assert (surplus.state, item.state, item.n_filled) == ("submitted", "complete", 2)


def test_the_sweep_mends_a_surplus_beside_an_open_place(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue)
    surplus, _ = late_surplus(queue, reviewer, other_reviewer)
    Place.objects.update(state="open", assignment=None, lease_until=None)
    assert promote_waiting() == 1
    surplus.refresh_from_db()
    assert surplus.state == "submitted"
    assert promote_waiting() == 0
