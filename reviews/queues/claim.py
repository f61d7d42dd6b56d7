"""Handing out work: a reviewer's own claim first, then what they had before, then the next place (DESIGN §4.3).

A claim takes two statements on PostgreSQL: lock the front, take the next place. Who has begun something, or comes when
leases are due, needs more, four at most. Nothing here waits for another reviewer.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.hot import fetch
from reviews.queues import statements
from reviews.queues.leases import free_due, free_due_leases, heartbeat, release, renew
from reviews.queues.models import Assignment, Front, Place, Queue
from reviews.queues.places import GIVEN_BACK
from reviews.queues.take import Taken, lock_front, take_apart, take_next, take_place

__all__ = ["claim", "free_due_leases", "heartbeat", "release", "remaining"]

TRIES = 8  # with growing pauses, half a second in all: others hold a place for milliseconds
PAUSE = 0.004
LOOK_AGAIN = timedelta(minutes=1)  # a full look reads every open place, and has nothing to find
MANY = 100  # nobody needs to know how much more than this is waiting


def claim(queue: Queue, reviewer: Member) -> Assignment | None:
    """The assignment that this person should work on now, held for a full lease; None when nothing is for them.

    A claim they have not finished is theirs even when the queue is paused. Everything else comes from open queues only.
    """
    if not reviewer.may("review"):
        return None
    for attempt in range(TRIES):
        try:
            taken = claim_once(queue, reviewer)
        except IntegrityError:  # an import of theirs, or another tab before their first front: they have a claim now
            if attempt == TRIES - 1:
                raise
            continue
        if taken.assignment is not None or not taken.is_contended:
            return taken.assignment
        time.sleep(PAUSE * 2**attempt)
    return None


@transaction.atomic
def claim_once(queue: Queue, reviewer: Member) -> Taken:
    """One try. Who holds something of their own gets that before anything else is locked: two people who each free the
    other's due place must not then wait for their own.
    """
    has_due, has_apart, has_begun = lock_front(queue, reviewer)
    if has_begun and (own := own_claim(queue, reviewer)):
        return Taken(own)
    freed = free_due(queue.pk, but_not=reviewer.pk) if has_due else 0
    if has_apart and (apart := take_apart(queue, reviewer)):
        return Taken(apart)
    taken = take_next(queue, reviewer)
    if taken.assignment is not None or taken.is_contended:
        return taken
    # What was freed may be what they had before; and while they waited for the front, another tab may have claimed.
    if (freed or not has_begun) and (own := own_claim(queue, reviewer)):
        return Taken(own)
    return look_everywhere(queue, reviewer)


def look_everywhere(queue: Queue, reviewer: Member) -> Taken:
    """The full look, which ignores the fronts; not again soon after one that found nothing."""
    fronts = Front.objects.filter(queue=queue, lane=GIVEN_BACK, reviewer=reviewer)
    if fronts.filter(looked_at__gt=Now() - LOOK_AGAIN).exists():
        return Taken(None)
    taken = take_next(queue, reviewer, full=True)
    if taken.assignment is None and not taken.is_contended and not fronts.update(looked_at=Now()):
        Front.objects.create(queue=queue, lane=GIVEN_BACK, reviewer=reviewer, looked_at=Now())
    return taken


def own_claim(queue: Queue, reviewer: Member) -> Assignment | None:
    """The claim this person holds; else one whose place was lost while its item still has an open one."""
    rows = fetch(statements.OWN, {"queue": queue.pk, "reviewer": reviewer.pk})
    held = next((begun(queue, pk) for pk, place, _ in rows if place and renew(place, pk, queue)), None)
    if held is not None or not any(has_open for _, place, has_open in rows if not place):
        return held
    if not Queue.objects.for_reviewer(reviewer).filter(pk=queue.pk, state=Queue.State.OPEN).exists():
        return None
    lost = (begun(queue, pk) for pk, place, has_open in rows if has_open and not place)
    again = next((assignment.pk for assignment in lost if take_again(assignment)), None)
    return begun(queue, again) if again else None


def begun(queue: Queue, pk: int) -> Assignment:
    assignment = Assignment.objects.select_related("item__subject", "reviewer", "place").get(pk=pk)
    assignment.queue = queue
    return assignment


def take_again(assignment: Assignment) -> bool:
    """A new place for an assignment that lost its own; token, draft and order shown stay."""
    for_them = Q(reserved_for__isnull=True) | Q(reserved_for=assignment.reviewer_id)
    places = Place.objects.filter(for_them, item=assignment.item_id, is_extra=assignment.is_extra)
    places = places.filter(state=Place.State.OPEN, round=assignment.round).order_by("lane", "pos")
    place = places.select_for_update(skip_locked=True).first()
    return place is not None and take_place(place, assignment)


def remaining_by_queue(reviewer: Member) -> dict[int, int]:
    """The same for every open queue of the project, by queue id, in one statement."""
    values = {"project": reviewer.project_id, "reviewer": reviewer.pk, "most": MANY * 4}
    return {queue: min(MANY, count) for queue, count in fetch(statements.REMAINING_BY_QUEUE[connection.vendor], values)}


def remaining(queue: Queue, reviewer: Member) -> int:
    """How many items wait for this person after their fronts, counted up to MANY."""
    return standing(queue, reviewer)[1]


def standing(queue: Queue, reviewer: Member) -> tuple[int, int, int | None]:
    """How many reviews this person did today, in every queue; `remaining`; and the number of the newest guideline of
    the queue's rubric that they have read. One statement, whatever the queue.
    """
    since = connection.ops.adapt_datetimefield_value(midnight())
    most = MANY * max(queue.k, 1) * 2
    values = {"queue": queue.pk, "reviewer": reviewer.pk, "most": most, "since": since}
    values["rubric"] = queue.rubric_version.rubric_id
    ((today, waiting, read),) = fetch(statements.REMAINING[connection.vendor], values)
    return today, min(MANY, waiting), read


def midnight() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
