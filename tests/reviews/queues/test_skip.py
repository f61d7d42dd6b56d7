"""Skipping: with a reason, for good, and the place goes to somebody else."""

from __future__ import annotations

import uuid

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import ClaimLost, save_draft, skip, submit
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1)


def held(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return assignment


def test_it_keeps_the_reason_and_frees_the_place(queue: Queue, reviewer: Member) -> None:
    (item,) = make.items(queue)
    assignment = held(queue, reviewer)
    before = assignment.place.pos
    skip(assignment.token, reviewer, "conflict", "I wrote this answer.")
    stored = Assignment.objects.get()
    assert (stored.state, stored.skip_reason, stored.skip_note) == ("skipped", "conflict", "I wrote this answer.")
    place = Place.objects.get(item=item)
    assert (place.state, place.assignment, place.lease_until, place.lane) == ("open", None, None, 0)
    assert (before, place.pos) == (1, 1)
    assert AuditEvent.objects.filter(verb="item-skipped", actor=str(reviewer.key)).exists()


def test_who_is_not_qualified_passes_it_on_and_is_not_counted_as_having_skipped(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    (item,) = make.items(queue)
    assignment = held(queue, reviewer)
    skip(assignment.token, reviewer, "not_qualified", "Somebody who knows tax law.")
    skip(assignment.token, reviewer, "not_qualified")
    stored = Assignment.objects.get()
    assert (stored.state, stored.skip_note) == ("not_qualified", "Somebody who knows tax law.")
    assert AuditEvent.objects.filter(verb="item-skipped").count() == 1
    with pytest.raises(ClaimLost, match="not yours to judge"):
        submit(assignment.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4())
    assert claim(queue, reviewer) is None
    assert held(queue, other_reviewer).item == item


def test_it_is_never_offered_to_them_again(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    assignment = held(queue, reviewer)
    skip(assignment.token, reviewer, "not-sure")
    assert claim(queue, reviewer) is None
    assert held(queue, other_reviewer).item == item


def test_skipping_twice_is_skipping_once(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    assert skip(assignment.token, reviewer, "not-sure") == skip(assignment.token, reviewer, "other")
    assert Assignment.objects.get().skip_reason == "not-sure"
    assert AuditEvent.objects.filter(verb="item-skipped").count() == 1


def test_a_submitted_review_cannot_be_skipped(queue: Queue, reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    submit(assignment.token, reviewer, make.ANSWERS, submission_id=uuid.uuid4())
    with pytest.raises(ClaimLost, match="already"):
        skip(assignment.token, reviewer, "not-sure")


def test_a_claim_whose_place_is_gone_can_be_skipped(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    (item,) = make.items(queue)
    late = make.expired(held(queue, reviewer))
    assert held(queue, other_reviewer).item == item
    skip(late.token, reviewer, "not-sure")
    assert Place.objects.get(item=item).assignment.reviewer == other_reviewer  # type: ignore[union-attr]


def test_somebody_elses_claim_cannot_be_skipped(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    make.items(queue)
    assignment = held(queue, reviewer)
    with pytest.raises(Assignment.DoesNotExist):
        skip(assignment.token, other_reviewer, "not-sure")


def test_a_place_kept_for_whoever_skips_is_for_all_again(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    (item,) = make.items(queue)
    Place.objects.update(reserved_for=reviewer)
    assignment = held(queue, reviewer)
    skip(assignment.token, reviewer, "not-sure")
    assert held(queue, other_reviewer).item == item


def test_an_item_that_everybody_skipped_is_stuck(
    queue: Queue, project: Project, reviewer: Member, other_reviewer: Member
) -> None:
    (item,) = make.items(queue)
    skip(held(queue, reviewer).token, reviewer, "not-sure")
    assert not Item.objects.stuck().exists()
    skip(held(queue, other_reviewer).token, other_reviewer, "not-sure")
    assert list(Item.objects.stuck()) == [item]
    item.refresh_from_db()
    assert item.state == "open"
    assignment = held(queue, make.member(project))
    save_draft(assignment.token, assignment.reviewer, {"helpful": 1})
    assert not Item.objects.stuck().exists()
