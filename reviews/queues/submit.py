"""What a reviewer does with a claim: draft, submit, skip, undo. Every write carries the claim's token.

A submit is never lost: it is counted in the place that is held, or in another open one of the item, or kept as surplus.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.audit import log as audit
from feedback.hot import HotQuery
from feedback.judgements.models import Review
from feedback.judgements.record import AnswersRefused, answers_of, check, record
from feedback.rubrics.models import Criterion
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.places import count_held, fill, give_back, lock_item, promote_surplus, recount
from reviews.queues.proposals import decided

__all__ = [
    "AnswersRefused", "ClaimLost", "SubmissionReused", "TooLate", "at_turn", "can_undo", "promote_surplus",
    "save_draft", "skip", "store", "submit", "undo", "undoable",
]  # fmt: skip

State = Assignment.State
PASSED_ON = (State.SKIPPED, State.NOT_QUALIFIED)
NOT_QUALIFIED = "not_qualified"  # the reason of a skip that says something of the person, and nothing of the item
ENDED = {
    State.SUBMITTED: "You have submitted this review already. Undo it first to change it.",
    State.SURPLUS: "You have submitted this review already. Undo it first to change it.",
    State.SKIPPED: "You have skipped this item, so it was given to somebody else.",
    State.NOT_QUALIFIED: "You have passed this item on as not yours to judge, so it was given to somebody else.",
    State.INVALIDATED: "A moderator has taken this review out of the count; it cannot be changed any more.",
}
NEEDED = ("item__subject", "queue__rubric_version__rubric", "queue__rubric_version__guideline")
BUSY_STATES = (Item.State.OPEN, Item.State.COMPLETE, Item.State.WITHDRAWN)  # not settled yet


class ClaimLost(Exception):
    """The claim cannot do this any more; the message says why, in words for the reviewer."""

    code = "lease-lost"


class SubmissionReused(ClaimLost):
    """The submission id has stored other answers already."""

    code = "submission-reused"


class TooLate(ClaimLost):
    """The time to undo is over."""

    code = "too-late"


def submit(token: UUID, reviewer: Member, answers: dict[str, Any], **how: Any) -> Assignment:
    """Store the answers as a review: submitted (counted) or surplus; what else there is to say is in `store`."""
    with at_turn(token, reviewer) as assignment:
        return store(assignment, answers, **how)


@contextmanager
def at_turn(token: UUID, reviewer: Member) -> Iterator[Assignment]:
    """A transaction in which nobody else touches this reviewer's turn or its item.

    Raises Assignment.DoesNotExist for a token that is not this reviewer's.
    """
    try:
        with transaction.atomic():
            yield locked(token, reviewer)
    except IntegrityError as error:
        if "submission" in str(error):  # the constraint's name, and in SQLite the column's
            raise SubmissionReused("This submission id was used for another review.") from error
        raise


def store(
    assignment: Assignment,
    answers: dict[str, Any],
    *,
    submission_id: UUID,
    active_ms: int | None = None,
    note: str = "",
    rejected: Collection[str] = (),
) -> Assignment:
    """Store the answers of a locked assignment. The same submission again gives the same result. `rejected` are
    proposals of critics.

    Raises AnswersRefused with what must be mended, and ClaimLost when the assignment has ended another way.
    """
    if not assignment.reviewer.may("review"):
        raise ClaimLost("You may no longer review in this project. Your draft is kept.")
    if repeats(assignment, answers, submission_id, note):
        return assignment
    subject, version = assignment.item.subject, assignment.rubric_version
    checked = check(subject, version, answers, note=note)
    marks = [mark for _, found in checked.of_kind(Criterion.Kind.SPANS) for mark in found]
    review = record(
        subject=subject,
        rubric_version=version,
        reviewer=assignment.reviewer,
        answers=checked,
        origin=assignment.queue.key,
        round=assignment.round,
        revision=assignment.review.revision + 1 if assignment.review else 1,
        submission_id=submission_id,
        submitted_at=assignment.locked_at,  # type: ignore[attr-defined]
        shown_order=assignment.shown_order,
        visible=decided(assignment.visible, marks, rejected),
        active_ms=active_ms,
        note=note,
    )
    return count(assignment, review)


@HotQuery
def turn_for_update(token: Any, reviewer: Any) -> QuerySet[Assignment]:
    rows = Assignment.objects.select_for_update(of=("item", "self"), no_key=True).annotate(locked_at=Now())
    return rows.select_related(*NEEDED).filter(token=token, reviewer=reviewer)


def locked(token: UUID, reviewer: Member) -> Assignment:
    """The reviewer's assignment with its item, both locked: whatever else happens to them waits. `locked_at` is when.

    The review and the place are not joined: after a wait the joined row would be that of before the wait.
    """
    assignment = turn_for_update.first(token=token, reviewer=reviewer.pk)
    if assignment is None:
        raise Assignment.DoesNotExist
    assignment.reviewer = reviewer
    return assignment


def repeats(assignment: Assignment, answers: dict[str, Any], submission_id: UUID, note: str) -> bool:
    """Whether this very submission was stored before; ClaimLost when the assignment takes no submission any more."""
    stored = assignment.review
    if stored is None or stored.submission_id != submission_id:
        if assignment.state != State.CLAIMED:
            raise ClaimLost(ENDED[State(assignment.state)])
        return False
    if assignment.state == State.CLAIMED:
        raise ClaimLost("This review was undone. Look at it again and submit it anew.")
    try:
        is_same = check(stored.subject, stored.rubric_version, answers).digest == stored.digest and note == stored.note
    except AnswersRefused:
        is_same = False
    if not is_same:
        raise SubmissionReused("This submission id has stored other answers already.")
    if assignment.state not in {State.SUBMITTED, State.SURPLUS}:
        raise ClaimLost(ENDED[State(assignment.state)])
    return True


def count(assignment: Assignment, review: Review) -> Assignment:
    """Count the review in a place of the item, or keep it as surplus."""
    assignment.review, assignment.submitted_at = review, review.submitted_at
    assignment.draft, assignment.draft_saved_at = {}, None
    if count_held(assignment, review):
        assignment.state = State.SUBMITTED
    else:
        is_counted = fill(assignment)
        assignment.state = State.SUBMITTED if is_counted else State.SURPLUS
        assignment.save(update_fields=["state", "review", "submitted_at", "draft", "draft_saved_at"])
        if is_counted and not assignment.is_extra:
            recount(assignment.item_id)
    audit.record("review-submitted", assignment, actor=assignment.reviewer, after=review.digest, state=assignment.state)
    return assignment


def save_draft(token: UUID, reviewer: Member, draft: dict[str, Any], **fields: Any) -> Assignment:
    """Keep unfinished answers with the claim, whether or not its place is still held; `fields` of it beside them."""
    mine = Assignment.objects.filter(token=token, reviewer=reviewer)
    saved = mine.filter(state=State.CLAIMED).update(draft=draft, draft_saved_at=Now(), **fields)
    assignment = mine.select_related("queue").get()
    if not saved:
        raise ClaimLost(ENDED.get(State(assignment.state), "This claim has ended."))
    return assignment


@transaction.atomic
def skip(token: UUID, reviewer: Member, reason: str, note: str = "") -> Assignment:
    """Give the place to somebody else for good, and say why; skipping twice is skipping once."""
    assignment = locked(token, reviewer)
    if assignment.state in PASSED_ON:
        return assignment
    if assignment.state != State.CLAIMED:
        raise ClaimLost(ENDED[State(assignment.state)])
    assignment.state = State.NOT_QUALIFIED if reason == NOT_QUALIFIED else State.SKIPPED
    assignment.skip_reason, assignment.skip_note = reason, note
    assignment.save(update_fields=["state", "skip_reason", "skip_note"])
    places = Place.objects.filter(assignment=assignment).select_related("item")
    places.filter(reserved_for=reviewer).update(reserved_for=None)
    give_back(places)
    audit.record("item-skipped", assignment, actor=reviewer, reason=reason)
    return assignment


@transaction.atomic
def undo(assignment: Assignment, review_id: int | None = None) -> Assignment:
    """Take a submitted review back to edit it, within the queue's grace and before the item is settled.

    The place stays with the reviewer under a new lease, the withdrawn answers become the draft, and submitting again
    makes the next revision. Undoing twice is undoing once, for an answer may get lost; who names the review takes no
    later one back, however late the repeat arrives. Raises TooLate.
    """
    item = lock_item(assignment.item_id)
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("queue", "reviewer").get(pk=assignment.pk)
    if review_id is not None and row.review_id != review_id:
        raise TooLate("Another review has been sent since. Undo that one.")
    if row.state == State.CLAIMED and row.review and row.review.withdrawn_at:
        assignment.state, assignment.draft = row.state, row.draft
        return assignment
    if not (in_grace(row) and (item.state in BUSY_STATES or row.is_extra) and row.review):
        raise TooLate("This review can no longer be undone: the time for it is over.")
    Review.objects.filter(pk=row.review.pk, withdrawn_at__isnull=True).update(withdrawn_at=Now())
    row.draft, row.state = answers_of(row.review), State.CLAIMED
    taken_back = {"state": row.state, "draft": row.draft, "visible": row.review.visible}
    Assignment.objects.filter(pk=row.pk).update(**taken_back, draft_saved_at=Now())
    lease = Now() + timedelta(seconds=row.queue.lease_seconds)
    filled = Place.objects.filter(assignment=row, state=Place.State.FILLED)
    if filled.update(state=Place.State.CLAIMED, claimed_at=Now(), lease_until=lease) and not row.is_extra:
        recount(item.pk)
    audit.record("review-undone", row, actor=row.reviewer, before=row.review.digest)
    assignment.state, assignment.draft = row.state, row.draft
    return assignment


def in_grace(assignment: Assignment) -> bool:
    """Whether it was submitted so lately that it can be undone, by the database's clock."""
    since = Now() - timedelta(seconds=assignment.queue.grace_seconds)
    submitted = Assignment.objects.filter(pk=assignment.pk, state__in=[State.SUBMITTED, State.SURPLUS])
    return submitted.filter(submitted_at__gt=since, review__invalidated_at__isnull=True).exists()


def undoable(queue: Queue, reviewer: Member) -> Assignment | None:
    """This person's newest submitted assignment in the queue, while it can be undone."""
    if not queue.grace_seconds:
        return None
    since = Now() - timedelta(seconds=queue.grace_seconds)
    rows = Assignment.objects.filter(queue=queue, reviewer=reviewer, state__in=[State.SUBMITTED, State.SURPLUS])
    not_settled = Q(item__state__in=BUSY_STATES) | Q(is_extra=True)
    return rows.filter(not_settled, submitted_at__gt=since).order_by("-submitted_at").first()


def can_undo(assignment: Assignment) -> bool:
    """The same question for a row at hand, by this machine's clock: for showing a button, not for deciding."""
    if assignment.state not in {State.SUBMITTED, State.SURPLUS} or assignment.submitted_at is None:
        return False
    ends = assignment.submitted_at + timedelta(seconds=assignment.queue.grace_seconds)
    return ends > timezone.now() and (assignment.is_extra or assignment.item.state in BUSY_STATES)
