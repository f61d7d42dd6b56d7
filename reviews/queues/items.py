"""Adding items with their places, changing how many reviews an item gets, and what a moderator takes out or puts back.

Positions come from the lane's row, which stays locked until commit; the queue's row is locked while items are added, so
that two runs never make the same item twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.among import Among
from feedback.audit import log as audit
from feedback.judgements.models import Review
from feedback.judgements.verdicts import end_current
from feedback.outbox.emit import emit
from feedback.responses.models import Response, Subject, SubjectResponse
from feedback.rubrics.models import RubricVersion
from reviews.queues.models import Assignment, Item, Lane, Place, Queue
from reviews.queues.places import (
    GIVEN_BACK,
    fill,
    fresh_positions,
    give_back,
    lock_item,
    promote_surplus,
    recount,
    vacate,
)

CHUNK = 2_000  # items in one statement; the caller decides how many make a transaction


class ItemRefused(ValueError):
    """The subject cannot become an item of this queue, or the item cannot be resized; the message says why."""


@transaction.atomic
def add_items(
    queue: Queue,
    subject_ids: Iterable[int],
    *,
    k: int | None = None,
    lane: int = 1,
    inclusion_probability: float | Sequence[float] | None = None,
    rule_label: str = "",
    rule_version_id: int | None = None,
    run_id: int | None = None,
    stratum: str = "",
) -> int:
    """Create an item with k places for each subject that the queue does not have yet; how many were added.

    `inclusion_probability` is one number for all, or a list as long as `subject_ids`. Running it twice adds nothing.
    Raises ItemRefused for a subject of another project or of another size than the rubric judges.
    """
    ids = list(subject_ids)
    k = queue.k if k is None else k
    if k < 1:
        raise ItemRefused("An item needs at least one review.")
    chances = (
        inclusion_probability if isinstance(inclusion_probability, Sequence) else [inclusion_probability] * len(ids)
    )
    chance_of = dict(zip(ids, chances, strict=True))
    lock_queue(queue)
    added = 0
    rows = iter(in_order(queue, chance_of))
    while chunk := list(islice(rows, CHUNK)):
        fresh = new_subjects(queue, chunk)
        items = [
            Item(
                project_id=queue.project_id,
                queue=queue,
                subject_id=subject,
                k=k,
                lane=lane,
                inclusion_probability=chance_of[subject],
                rule_label=rule_label,
                rule_version_id=rule_version_id,
                run_id=run_id,
                stratum=stratum,
            )
            for subject in fresh
        ]
        add_places(queue, Item.objects.bulk_create(items), k, lane)
        mark_queued(fresh)
        added += len(items)
    return added


def lock_queue(queue: Queue) -> None:
    """One adder at a time; its rubric version is frozen from the first use on."""
    Queue.objects.select_for_update(no_key=True).get(pk=queue.pk)
    RubricVersion.objects.filter(pk=queue.rubric_version_id, frozen_at__isnull=True).update(frozen_at=Now())
    Lane.objects.bulk_create([Lane(queue=queue, number=0)], ignore_conflicts=True)


def in_order(queue: Queue, subject_ids: Iterable[int]) -> list[int]:
    """As given, or shuffled by a hash that is the same on every run and database."""
    if queue.order == Queue.Order.ARRIVAL:
        return list(subject_ids)
    return sorted(subject_ids, key=lambda subject: hashlib.sha256(f"{queue.pk}:{subject}".encode()).digest())


def new_subjects(queue: Queue, subject_ids: list[int]) -> list[int]:
    """Those that may become items of the queue and are not yet; refuses a wrong one loudly."""
    size = queue.rubric_version.subject_size
    sizes = dict(Subject.objects.filter(project=queue.project_id, pk__in=subject_ids).values_list("pk", "size"))
    wrong = [subject for subject in subject_ids if sizes.get(subject) != size]
    if wrong:
        raise ItemRefused(f"{len(wrong)} subjects are not of this project or not of {size} responses: {wrong[:3]} …")
    first = Item.objects.filter(queue=queue, subject__in=subject_ids, earlier=None)
    known = set(first.values_list("subject_id", flat=True))
    return [subject for subject in subject_ids if subject not in known]


def add_places(queue: Queue, items: list[Item], k: int, lane: int, *, start: int = 0) -> list[Place]:
    """k open places for each item, numbered item by item, so that items get complete in their order."""
    if not items:
        return []
    positions: Iterator[int] = iter(
        range(first := fresh_positions(queue.pk, lane, k * len(items)), first + k * len(items))
    )
    places = [
        Place(
            project_id=queue.project_id, queue=queue, item=item, number=start + number, lane=lane, pos=next(positions)
        )
        for item in items
        for number in range(1, k + 1)
    ]
    return Place.objects.bulk_create(places, batch_size=5_000)


def mark_queued(subject_ids: list[int]) -> None:
    """A fact for the filters of lower rooms. By ids: tables that were just filled have no statistics yet, and a plan
    that joins them here reads every response for every chunk of an import.
    """
    parts = SubjectResponse.objects.filter(Among("subject", subject_ids)).values_list("response", flat=True)
    Response.objects.filter(Among("pk", list(parts)), is_queued=False).update(is_queued=True)


@transaction.atomic
def set_k(item: Item, k: int, by: Member | str = "system") -> int:
    """Ask for k reviews; the number in force afterwards, which is never below what is claimed or filled.

    Raising gives new places to surplus reviews first. One that stays open reopens an item that was complete or settled,
    and ends its verdict.
    """
    if k < 1:
        raise ItemRefused("An item needs at least one review; withdraw it to get none.")
    item = lock_item(item.pk)
    if item.state == Item.State.WITHDRAWN:
        raise ItemRefused("A withdrawn item gets no more reviews.")
    before = item.k
    if k > before:
        if Assignment.objects.filter(item=item, state=Assignment.State.SURPLUS).count() < k - before:
            end_verdict(item, by)
        start = Place.objects.filter(item=item).aggregate(top=Max("number"))["top"] or 0
        add_places(item.queue, [item], k - before, item.lane, start=start)
        recount(item.pk)
        while promote_surplus(item):
            pass
    elif k < before and withdraw_open(item, before - k):
        recount(item.pk)
    item.refresh_from_db()
    if item.k != before:
        audit.record("item-resized", item, actor=by, before=str(before), after=str(item.k))
    return item.k


def withdraw_open(item: Item, most: int | None = None) -> int:
    """Withdraw open places of the locked item, the last first; how many. All of them takes extra places too."""
    places = Place.objects.filter(item=item, state=Place.State.OPEN).order_by("-number").select_for_update(no_key=True)
    if most is not None:
        places = places.filter(is_extra=False)
    ids = [place.pk for place in places[:most]]
    return Place.objects.filter(pk__in=ids, state=Place.State.OPEN).update(state=Place.State.WITHDRAWN)


@transaction.atomic
def withdraw(item: Item, by: Member | str = "system") -> None:
    """Ask nobody else. Whoever is at it may finish; a place that frees is withdrawn then. A verdict stays."""
    item = lock_item(item.pk)
    if item.state == Item.State.WITHDRAWN:
        return
    Item.objects.filter(pk=item.pk).update(state=Item.State.WITHDRAWN)
    withdraw_open(item)
    recount(item.pk)
    audit.record("item-withdrawn", item, actor=by)


@transaction.atomic
def put_back(item: Item, k: int, by: Member | str = "system") -> None:
    """Take a withdrawal back: the item asks for k reviews again, or for as many as it had places.

    Its withdrawn places go to surplus first, and open at fresh positions, which nobody has passed. With all places
    filled it is complete and settled again, where the same reviews leave a verdict alone.
    """
    item = lock_item(item.pk)
    if item.state != Item.State.WITHDRAWN:
        return
    Item.objects.filter(pk=item.pk).update(state=Item.State.OPEN)
    places = Place.objects.filter(item=item, is_extra=False).order_by("number").select_for_update(no_key=True)
    gone = [place for place in places if place.state == Place.State.WITHDRAWN]
    gone = gone[: max(0, k - (len(places) - len(gone)))]
    if gone:
        first = fresh_positions(item.queue_id, GIVEN_BACK, len(gone))
        for offset, place in enumerate(gone):
            place.lane, place.pos = GIVEN_BACK, first + offset
        vacate(gone, state=Place.State.OPEN)
    recount(item.pk)
    while promote_surplus(item):
        pass
    audit.record("item-put-back", item, actor=by)


@transaction.atomic
def move(item: Item, by: Member | str = "system", *, first: bool) -> int:
    """Serve its open places before everything that waits, or after all of it; how many moved.

    They take fresh positions: at the end of lane 0, which comes before all others, or of the queue's last lane. Nobody
    has passed those, so no front is ahead of them.
    """
    item = lock_item(item.pk)
    last = Lane.objects.filter(queue=item.queue_id).aggregate(last=Max("number"))["last"] or 0
    lane = GIVEN_BACK if first else max(1, last)
    places = Place.objects.filter(item=item, state=Place.State.OPEN, is_extra=False).order_by("number")
    moved = list(places.select_for_update(no_key=True))
    Item.objects.filter(pk=item.pk).update(lane=lane)
    if moved:
        start = fresh_positions(item.queue_id, lane, len(moved))
        for pos, place in enumerate(moved, start):
            place.lane, place.pos = lane, pos
        Place.objects.bulk_update(moved, ["lane", "pos"])
    audit.record("item-moved", item, actor=by, where="first" if first else "last", places=len(moved))
    return len(moved)


@transaction.atomic
def invalidate(assignment: Assignment, by: Member) -> None:
    """Take a review out of the count: the oldest surplus takes its place, else somebody new is asked.

    A verdict that counted it ends in the same transaction.
    """
    item = lock_item(assignment.item_id)
    row = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
    if row.state == Assignment.State.INVALIDATED:
        return
    Assignment.objects.filter(pk=row.pk).update(state=Assignment.State.INVALIDATED)
    if row.review_id:
        Review.objects.filter(pk=row.review_id, invalidated_at__isnull=True).update(invalidated_at=Now())
    if row.state == Assignment.State.SUBMITTED and not row.is_extra:
        end_verdict(item, by)
    give_back(Place.objects.filter(assignment=row).select_related("item"))
    audit.record("review-invalidated", row, actor=by, before=row.state, after=Assignment.State.INVALIDATED)
    assignment.state = Assignment.State.INVALIDATED


@transaction.atomic
def restore(assignment: Assignment, by: Member) -> None:
    """The way back: the review counts again where a place of its item is open, else it is kept as surplus."""
    item = lock_item(assignment.item_id)
    row = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("review").get(pk=assignment.pk)
    if row.state != Assignment.State.INVALIDATED or row.review is None or row.review.withdrawn_at:
        return
    Review.objects.filter(pk=row.review.pk).update(invalidated_at=None)
    row.state = Assignment.State.SUBMITTED if fill(row) else Assignment.State.SURPLUS
    row.submitted_at = row.submitted_at or row.review.submitted_at
    row.save(update_fields=["state", "submitted_at"])
    if row.state == Assignment.State.SUBMITTED and not row.is_extra:
        recount(item.pk)
    audit.record("review-restored", row, actor=by, before=Assignment.State.INVALIDATED, after=row.state)
    assignment.state = row.state


def end_verdict(item: Item, by: Member | str) -> None:
    """The (locked) item's verdict stands no more. Before any lane is locked: lanes come last."""
    for verdict in end_current(item.subject_id, item.rubric_version.pk, item.queue.key):
        audit.record("verdict-ended", item, actor=by, verdict=verdict)
        facts = {"verdict": verdict, "item": item.pk, "queue": item.queue.key}
        emit(item.project_id, "verdict.ended", f"item/{item.pk}", facts)


@transaction.atomic
def add_filled(queue: Queue, subject: Subject, reviewer: Member, review: Review, round: int = 1) -> Assignment:
    """Count a review that was made elsewhere: its item (made when missing) gets one more place, filled."""
    lock_queue(queue)
    item, is_new = Item.objects.get_or_create(
        queue=queue, subject=subject, earlier=None, defaults={"project_id": queue.project_id, "k": 0}
    )
    item = lock_item(item.pk)
    if is_new:
        mark_queued([subject.pk])
    top = Place.objects.filter(item=item).aggregate(top=Max("number"))["top"] or 0
    assignment = Assignment.objects.create(
        project_id=queue.project_id,
        queue=queue,
        item=item,
        reviewer=reviewer,
        round=round,
        state=Assignment.State.SUBMITTED,
        review=review,
        claimed_at=review.submitted_at,
        submitted_at=review.submitted_at,
        shown_order=review.shown_order,
        visible=review.visible,
    )
    Place.objects.create(
        project_id=queue.project_id,
        queue=queue,
        item=item,
        number=top + 1,
        lane=item.lane,
        pos=fresh_positions(queue.pk, item.lane, 1),
        state=Place.State.FILLED,
        assignment=assignment,
        claimed_at=review.submitted_at,
    )
    recount(item.pk)
    return assignment
