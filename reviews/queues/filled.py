"""Counting many reviews that were made elsewhere, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from feedback.judgements.models import Review
from reviews.queues.items import lock_queue, mark_queued
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.places import fresh_positions, recount

LANE = 1


@dataclass(frozen=True)
class Filled:
    """A saved review of a subject that counts in a queue; `round` tells turns of one reviewer apart."""

    review: Review
    round: int = 1


@transaction.atomic
def add_filled_many(queue: Queue, turns: Sequence[Filled]) -> None:
    """Like `add_filled` for each: every review gets a place of its own, so that k grows as labels come."""
    lock_queue(queue)
    items = locked_items(queue, sorted({turn.review.subject_id for turn in turns}))
    assignments = Assignment.objects.bulk_create(
        [assignment_of(queue, items[turn.review.subject_id], turn) for turn in turns], batch_size=1_000
    )
    rows = Place.objects.filter(item__in=items.values()).values("item_id").annotate(top=Max("number"))
    numbers: defaultdict[int, int] = defaultdict(int, rows.values_list("item_id", "top"))
    first = fresh_positions(queue.pk, LANE, len(assignments))
    places = []
    for offset, assignment in enumerate(assignments):
        numbers[assignment.item_id] += 1
        places.append(
            Place(
                project_id=queue.project_id,
                queue=queue,
                item_id=assignment.item_id,
                number=numbers[assignment.item_id],
                lane=LANE,
                pos=first + offset,
                state=Place.State.FILLED,
                assignment=assignment,
                claimed_at=assignment.submitted_at,
            )
        )
    Place.objects.bulk_create(places, batch_size=1_000)
    recount(*(item.pk for item in items.values()))


def locked_items(queue: Queue, subject_ids: list[int]) -> dict[int, Item]:
    """The items of the subjects, made where missing, locked in the order of their ids."""
    first = Item.objects.filter(queue=queue, subject__in=subject_ids, earlier=None)
    known = set(first.values_list("subject_id", flat=True))
    fresh = [pk for pk in subject_ids if pk not in known]
    if fresh:
        rows = [Item(project_id=queue.project_id, queue=queue, subject_id=pk, k=0, lane=LANE) for pk in fresh]
        Item.objects.bulk_create(rows)
        mark_queued(fresh)
    locked = (
        Item.objects.select_for_update(no_key=True)
        .filter(queue=queue, subject__in=subject_ids, earlier=None)
        .order_by("pk")
    )
    return {item.subject_id: item for item in locked}


def assignment_of(queue: Queue, item: Item, turn: Filled) -> Assignment:
    review = turn.review
    return Assignment(
        project_id=queue.project_id,
        queue=queue,
        item=item,
        reviewer_id=review.reviewer_id,
        round=turn.round,
        state=Assignment.State.SUBMITTED,
        review=review,
        claimed_at=review.submitted_at,
        submitted_at=review.submitted_at,
        shown_order=review.shown_order,
        visible=review.visible,
    )
