"""Taking the next place: the walk along the lanes, and the reviewer's fronts (README, "Fronts").

The rule of the fronts, in both ways of walking: a front never passes a place that is open in the statement's snapshot
and that this reviewer could take. So a place whose claim is rolled back is found by the next walk, whoever walked by.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.hot import fetch
from feedback.rubrics.models import RubricVersion
from reviews.queues import statements
from reviews.queues.models import Assignment, Front, Item, Place, Queue


@dataclass
class Taken:
    """What a walk brought: an assignment, or whether somebody else was just then at the places that are left."""

    assignment: Assignment | None
    is_contended: bool = False


def shown_order(token: uuid.UUID, subject_key: str) -> list[int]:
    """The response ids in the order drawn for this claim: sorted by SHA-256 of its token and the id."""
    parts = subject_key.split("+")
    return [int(part) for part in sorted(parts, key=lambda part: hashlib.sha256(f"{token}:{part}".encode()).digest())]


def lock_front(queue: Queue, reviewer: Member) -> tuple[bool, bool, bool]:
    """Let this reviewer's claims wait for each other; whether leases are due, whether places are kept apart, and
    whether they have begun something that is not ended. The queue's rubric version is in force until the claim is over.
    """
    if connection.vendor != "postgresql":  # the transaction holds the only write lock
        version = Queue.objects.values_list("rubric_version", flat=True).get(pk=queue.pk)
        has_due, has_apart, has_begun = True, True, True
    else:
        values = {"queue": queue.pk, "reviewer": reviewer.pk}
        has_due, has_apart, has_begun, version = fetch(statements.LOCK_FRONT, values)[0]
    if version != queue.rubric_version_id:  # it was moved since the caller read it
        queue.rubric_version = RubricVersion.objects.select_related("rubric", "guideline").get(pk=version)
    return has_due, has_apart, has_begun


def take_next(queue: Queue, reviewer: Member, *, full: bool = False) -> Taken:
    """The first place of the lowest lane that has one: after the fronts, or everywhere when `full`.

    A lane whose places are all being taken by others at this moment is left for the next one, and said to be contended.
    """
    lane, is_contended = 0, False
    while True:
        number, assignment = take_in(queue, reviewer, lane, full=full)
        if assignment is not None or number is None:
            return Taken(assignment, is_contended)
        lane, is_contended = number + 1, True


def take_in(queue: Queue, reviewer: Member, lane: int, *, full: bool) -> tuple[int | None, Assignment | None]:
    """One walk from a lane on: the lane where something was open, and what was taken there."""
    if connection.vendor != "postgresql":
        return take_alone(queue, reviewer, lane, full=full)
    token = uuid.uuid4()
    values = {"queue": queue.pk, "reviewer": reviewer.pk, "lane": lane, "token": token}
    (number, *made) = fetch(statements.TAKE_ANY if full else statements.TAKE_NEXT, values)[0]
    return number, claimed(queue, reviewer, token, made)


def take_apart(queue: Queue, reviewer: Member) -> Assignment | None:
    """A place that is kept for this reviewer, or was hidden until now."""
    values: dict[str, Any] = {"queue": queue.pk, "reviewer": reviewer.pk}
    if connection.vendor != "postgresql":
        rows = fetch(statements.APART.replace("%(now)s", "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"), values)
        return hold(queue, reviewer, Place.objects.get(pk=rows[0][0])) if rows else None
    token = uuid.uuid4()
    rows = fetch(statements.TAKE_APART, {**values, "token": token})
    return claimed(queue, reviewer, token, rows[0]) if rows else None


def claimed(queue: Queue, reviewer: Member, token: uuid.UUID, made: Any) -> Assignment | None:
    """The assignment on its place, as objects of what was written, without reading them again."""
    pk, item_id, claimed_at, shown, visible, is_extra, round_, kept_version, *place = made
    if pk is None:
        return None
    place_id, number, place_lane, pos, lease_until = place
    known = {"id": item_id, "project_id": queue.project_id, "queue_id": queue.pk, "kept_version_id": kept_version}
    item = Item.from_db(connection.alias, list(known), list(known.values()))  # the rest is read when it is asked for
    both: dict[str, Any] = {"project_id": queue.project_id, "queue": queue, "item": item, "claimed_at": claimed_at}
    order = {"shown_order": json.loads(shown), "visible": json.loads(visible), "is_extra": is_extra, "round": round_}
    assignment = Assignment(pk=pk, reviewer=reviewer, token=token, **both, **order)
    held = Place(
        pk=place_id, number=number, lane=place_lane, pos=pos, state=Place.State.CLAIMED, assignment=assignment,
        lease_until=lease_until, is_extra=is_extra, round=round_, **both,
    )  # fmt: skip
    for row in (assignment, held):
        row._state.adding, row._state.db = False, connection.alias
    return assignment


def take_alone(queue: Queue, reviewer: Member, lane: int, *, full: bool) -> tuple[int | None, Assignment | None]:
    """The walk for a database with one writer at a time: nobody can come between looking and taking."""
    lanes = statements.FULL_LOOK if full else statements.WALK
    for number, next_pos, front, place_id in fetch(lanes, {"queue": queue.pk, "reviewer": reviewer.pk, "lane": lane}):
        if place_id is None:
            move_front(queue, reviewer, number, front, next_pos - 1)
            continue
        place = Place.objects.get(pk=place_id)
        assignment = hold(queue, reviewer, place)
        move_front(queue, reviewer, number, front, place.pos if assignment else place.pos - 1)
        return number, assignment
    return None, None


def hold(queue: Queue, reviewer: Member, place: Place) -> Assignment | None:
    """Claim the place by one conditional update; None, and nothing left behind, when it is not open any more."""
    token, item = uuid.uuid4(), Item.objects.select_related("subject").get(pk=place.item_id)
    assignment = Assignment.objects.create(
        project_id=queue.project_id,
        queue=queue,
        item=item,
        reviewer=reviewer,
        token=token,
        shown_order=shown_order(token, item.subject.key),
        visible={"model": queue.shows_model, "critic": queue.shows_critic},
        is_extra=place.is_extra,
        round=place.round,
    )
    if take_place(place, assignment):
        place.refresh_from_db()
        assignment.place = place
        return assignment
    assignment.delete()
    return None


def take_place(place: Place, assignment: Assignment) -> bool:
    """Put the assignment on the place with a full lease, if it is still open."""
    return bool(
        Place.objects.filter(pk=place.pk, state=Place.State.OPEN).update(
            state=Place.State.CLAIMED,
            assignment=assignment,
            claimed_at=Now(),
            lease_until=Now() + timedelta(seconds=assignment.queue.lease_seconds),
            hidden_until=None,
        )
    )


def move_front(queue: Queue, reviewer: Member, lane: int, before: int, pos: int) -> None:
    if pos > before:
        Front.objects.update_or_create(queue=queue, lane=lane, reviewer=reviewer, defaults={"pos": pos})
