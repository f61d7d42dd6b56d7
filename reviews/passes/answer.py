"""Giving chosen items one answer, and taking the pass back.

Each item is a turn of its own, in a transaction of its own: a place is taken, the review is stored and counted by the
same verbs as at the desk. So a pass holds nothing for longer than one submit does, and what happens in the middle of it
leaves whole reviews behind. Sent again, it goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.record import check
from reviews.passes.cards import open_places
from reviews.passes.models import MOST, PassedReview, QuickPass
from reviews.queues import leases
from reviews.queues import submit as submitting
from reviews.queues.care import goes_on_at
from reviews.queues.models import Assignment, Item, Queue
from reviews.queues.places import lock_item
from reviews.queues.take import hold, lock_front, take_place

State = Assignment.State


class PassRefused(Exception):
    """Nothing was answered; the message says why and what to do."""


@dataclass
class Outcome:
    """What became of a pass: how many items have the answer, and how many others were left, by reason."""

    quick_pass: QuickPass
    answered: int = 0
    left: dict[str, int] = field(default_factory=dict)

    def leave(self, why: str) -> None:
        self.left[why] = self.left.get(why, 0) + 1


TAKEN = "somebody else has it, or it has all its reviews"
FULL = "the queue's cap for an hour is reached"


def answer(
    queue: Queue,
    member: Member,
    items: Sequence[int],
    answers: dict[str, Any],
    *,
    submission_id: uuid.UUID,
    n_cards: int,
    note: str = "",
    request: Any = None,
) -> Outcome:
    """Give each of the items these answers, as reviews of this person.

    Raises AnswersRefused with what must be mended before anything is stored, and PassRefused.
    """
    if not items or len(items) > MOST:
        raise PassRefused(f"Choose 1 to {MOST} items.")
    known = list(Item.objects.filter(queue=queue, pk__in=items).select_related("subject").order_by("pk"))
    if not known:
        raise PassRefused("These items are not in the queue. Load the page anew.")
    check(known[0].subject, queue.rubric_version, answers, note=note)
    quick = begin(queue, member, len(items), submission_id, n_cards, request)
    outcome = Outcome(quick)
    for item in known:
        why = answer_one(quick, queue, item, answers, note)
        if why:
            outcome.leave(why)
        else:
            outcome.answered += 1
    return outcome


@transaction.atomic
def begin(
    queue: Queue, member: Member, n_chosen: int, submission_id: uuid.UUID, n_cards: int, request: Any
) -> QuickPass:
    """The pass of this submission: a new one, or the one that was begun under it."""
    about = {"queue": queue, "member": member, "rubric_version": queue.rubric_version}
    counts = {"n_chosen": n_chosen, "n_cards": max(n_cards, n_chosen)}
    quick, is_new = QuickPass.objects.get_or_create(
        project_id=queue.project_id, submission_id=submission_id, defaults={**about, **counts}
    )
    if is_new:
        record("quick-pass", queue, actor=member, request=request, n=n_chosen)
    elif (quick.queue_id, quick.member_id) != (queue.pk, member.pk) or quick.undone_at:
        raise PassRefused("This page was used before. Load it anew.")
    quick.member = member
    return quick


def answer_one(quick: QuickPass, queue: Queue, item: Item, answers: dict[str, Any], note: str) -> str:
    """Why the item was left; empty when it has the answer, now or before."""
    token = uuid.uuid5(quick.submission_id, str(item.pk))
    try:
        with transaction.atomic():
            lock_front(queue, quick.member)  # a second press waits here, and finds what the first one did
            if PassedReview.objects.filter(quick_pass=quick, review__submission_id=token).exists():
                return ""
            if goes_on_at(queue, quick.member):
                return FULL
            if queue.rubric_version_id != quick.rubric_version_id:
                raise PassRefused("The queue asks another rubric version now. Load the page anew and look at it.")
            lock_item(item.pk)  # before the place, as everybody does: a late submit holds it and looks for a place
            turn = take(queue, quick, item)
            if turn is None:
                return TAKEN
            done = submitting.submit(turn.token, quick.member, answers, submission_id=token, note=note)
            assert done.review is not None  # submitted or surplus, it is kept
            PassedReview.objects.create(project_id=queue.project_id, quick_pass=quick, review=done.review)
    except IntegrityError:  # they took it at the desk in the same moment
        return TAKEN
    return ""


def take(queue: Queue, quick: QuickPass, item: Item) -> Assignment | None:
    """A turn at the item with a place: a new one, or the one that they had and lost."""
    locked = open_places(queue, quick.member).filter(item=item).select_for_update(of=("self",), skip_locked=True)
    place = locked.first()
    if place is None or not Queue.objects.for_reviewer(quick.member).filter(pk=queue.pk, state="open").exists():
        return None
    visible = {"model": queue.shows_model, "critic": False, "cards": quick.n_cards}
    turn = Assignment.objects.filter(item=item, reviewer=quick.member).select_related("queue").first()
    if turn is None:
        turn = hold(queue, quick.member, place)
    elif not take_place(place, turn):
        turn = None
    if turn is not None:
        Assignment.objects.filter(pk=turn.pk).update(visible=visible)
    return turn


def undo(quick: QuickPass, request: Any = None) -> tuple[int, int]:
    """Take back what can be taken back: within the queue's grace, and not settled. How many were, and were not."""
    done, late = 0, 0
    reviews = quick.passed.filter(review__withdrawn_at__isnull=True).select_related("review__assignment__queue")
    for passed in reviews.order_by("pk"):
        turn = passed.review.assignment
        try:
            with transaction.atomic():
                submitting.undo(turn, passed.review_id)
                Assignment.objects.filter(pk=turn.pk).update(draft={}, draft_saved_at=None)
                leases.release(turn, soon=False)
            done += 1
        except submitting.TooLate:
            late += 1
    with transaction.atomic():
        if done and QuickPass.objects.filter(pk=quick.pk, undone_at__isnull=True).update(undone_at=Now()):
            record("quick-pass-undone", quick.queue, actor=quick.member, request=request, n=done)
    return done, late


def can_undo(quick: QuickPass) -> bool:
    """For showing a button: whether the newest review of the pass is still within its grace."""
    newest = quick.passed.filter(review__withdrawn_at__isnull=True).select_related(
        "review__assignment__queue", "review__assignment__item"
    )
    row = newest.order_by("-pk").first()
    return row is not None and submitting.can_undo(row.review.assignment)
