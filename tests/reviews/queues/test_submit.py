"""Submitting: counted once, whatever is clicked twice; refused with reasons; drafts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from feedback.judgements.record import AnswersRefused
from reviews.queues.claim import claim, heartbeat
from reviews.queues.items import invalidate
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.submit import ClaimLost, SubmissionReused, save_draft, skip, submit
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2, grace_seconds=60)


@pytest.fixture
def item(queue: Queue) -> Item:
    return make.items(queue)[0]


def held(queue: Queue, reviewer: Member) -> Assignment:
    assignment = claim(queue, reviewer)
    assert assignment is not None
    return assignment


def answered(assignment: Assignment, **fields: Any) -> Assignment:
    defaults: dict[str, Any] = {"answers": make.ANSWERS, "submission_id": uuid.uuid4()}
    return submit(assignment.token, assignment.reviewer, **{**defaults, **fields})


def test_it_stores_and_counts_a_review(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    done = answered(assignment, active_ms=4200, note="Clear.")
    review = Review.objects.get()
    assert (done.state, done.review, done.submitted_at) == ("submitted", review, review.submitted_at)
    assert (review.origin, review.revision, review.active_ms, review.note) == (queue.key, 1, 4200, "Clear.")
    assert (review.subject, review.reviewer, review.shown_order) == (item.subject, reviewer, assignment.shown_order)
    item.refresh_from_db()
    assert (item.n_filled, item.state, item.completed_at) == (1, "open", None)
    assert AuditEvent.objects.filter(verb="review-submitted", object_id=str(done.pk)).count() == 1


def test_the_last_review_completes_the_item_and_waits_for_the_grace(
    queue: Queue, item: Item, reviewer: Member, other_reviewer: Member
) -> None:
    for person in (reviewer, other_reviewer):
        answered(held(queue, person))
    item.refresh_from_db()
    assert (item.n_filled, item.state) == (2, "complete")
    assert item.completed_at is not None
    assert item.settle_after is not None
    assert abs(item.settle_after - item.completed_at - timedelta(seconds=60)) < timedelta(seconds=1)


def test_the_same_submission_again_gives_the_same_result(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment, key = held(queue, reviewer), uuid.uuid4()
    first = answered(assignment, submission_id=key)
    again = answered(assignment, submission_id=key)
    assert (again.pk, again.state, again.review) == (first.pk, "submitted", first.review)
    assert Review.objects.count() == 1
    item.refresh_from_db()
    assert item.n_filled == 1


def test_other_answers_under_a_used_id_are_refused(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment, key = held(queue, reviewer), uuid.uuid4()
    answered(assignment, submission_id=key)
    for answers in ({**make.ANSWERS, "helpful": 1}, {"helpful": 99}):
        with pytest.raises(SubmissionReused):
            answered(assignment, submission_id=key, answers=answers)


def test_an_id_used_for_another_item_is_refused(queue: Queue, reviewer: Member) -> None:
    make.items(queue, 2)
    key = uuid.uuid4()
    answered(held(queue, reviewer), submission_id=key)
    with pytest.raises(SubmissionReused):
        answered(held(queue, reviewer), submission_id=key)
    assert Assignment.objects.filter(state="claimed").count() == 1


def test_a_stale_tab_learns_that_it_was_submitted(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    answered(assignment)
    with pytest.raises(ClaimLost, match="submitted this review already"):
        answered(assignment, answers={**make.ANSWERS, "helpful": 1})
    assert Review.objects.count() == 1


def test_a_skipped_item_takes_no_submit(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    skip(assignment.token, reviewer, "conflict")
    with pytest.raises(ClaimLost, match="skipped"):
        answered(assignment)


def test_an_invalidated_review_takes_no_submit(queue: Queue, item: Item, reviewer: Member, moderator: Member) -> None:
    done = answered(held(queue, reviewer))
    invalidate(done, moderator)
    with pytest.raises(ClaimLost, match="moderator"):
        answered(done)


def test_refused_answers_leave_everything_as_it_was(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    with pytest.raises(AnswersRefused) as refusal:
        answered(assignment, answers={"helpful": 9})
    assert {error["pointer"] for error in refusal.value.errors} == {"/grounded", "/helpful"}
    assert Place.objects.get(assignment=assignment).state == "claimed"
    assert not Review.objects.exists()


def test_somebody_elses_token_does_not_exist(
    queue: Queue, item: Item, reviewer: Member, other_reviewer: Member
) -> None:
    assignment = held(queue, reviewer)
    with pytest.raises(Assignment.DoesNotExist):
        submit(assignment.token, other_reviewer, make.ANSWERS, submission_id=uuid.uuid4())


def test_a_disabled_member_keeps_the_draft_and_cannot_submit(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    save_draft(assignment.token, reviewer, {"helpful": 2})
    reviewer.disabled_at = timezone.now()
    reviewer.save(update_fields=["disabled_at"])
    with pytest.raises(ClaimLost, match="no longer review"):
        answered(assignment)
    assignment.refresh_from_db()
    assert assignment.draft == {"helpful": 2}


def test_a_draft_is_kept_until_the_submit(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    saved = save_draft(assignment.token, reviewer, {"helpful": 2})
    assert saved.draft == {"helpful": 2}
    assert saved.draft_saved_at is not None
    done = answered(assignment)
    done.refresh_from_db()
    assert (done.draft, done.draft_saved_at) == ({}, None)
    with pytest.raises(ClaimLost):
        save_draft(assignment.token, reviewer, {"helpful": 3})
    assert heartbeat(done) is None


def test_a_closed_queue_still_takes_what_was_begun(queue: Queue, item: Item, reviewer: Member) -> None:
    assignment = held(queue, reviewer)
    Queue.objects.filter(pk=queue.pk).update(state="closed")
    assert answered(assignment).state == "submitted"


def test_a_submit_takes_few_statements(queue: Queue, item: Item, reviewer: Member) -> None:
    answered(held(queue, reviewer))  # the rubric's criteria are known to the process from now on
    make.items(queue)
    assignment = held(queue, reviewer)
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
    mark = {"start": 0, "end": 6, "quote": "Answer", "kind": "unsupported", "severity": "minor"}
    answers = {**make.ANSWERS, "flags": [mark], "rewrite": "You have 30 days."}
    with CaptureQueriesContext(connection) as captured:
        answered(assignment, answers=answers)
    sent = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(frame)]
    most = 8 if connection.vendor == "postgresql" else 10
    assert len(sent) <= most, sent
