"""What happens to places: fresh positions, filling, giving back, promotion of surplus.

Every function runs inside its caller's transaction. Those that change an item's places need the item's row locked,
which is what makes `recount` exact. Locks are taken in one order: front, item, place, lane; the lane last, because
nobody who holds one waits for anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Now

from feedback.hot import fetch
from feedback.judgements.models import Review
from reviews.queues import statements
from reviews.queues.models import Assignment, Item, Lane, Place, Queue

GIVEN_BACK = 0  # the lane of places that were given back: served first


def fresh_positions(queue_id: int, lane: int, count: int) -> int:
    """The first of `count` new positions at the end of a lane, whose row stays locked until the transaction ends.

    So positions become visible in their order, and no reader ever passes one that appears later.
    """
    rows = Lane.objects.filter(queue_id=queue_id, number=lane)
    if not rows.update(next_pos=F("next_pos") + count):
        Lane.objects.bulk_create([Lane(queue_id=queue_id, number=lane)], ignore_conflicts=True)
        rows.update(next_pos=F("next_pos") + count)
    return rows.values_list("next_pos", flat=True).get() - count


def recount(*item_ids: int) -> None:
    """Make the items' counters and state follow their places, after one of them was filled, freed, added or withdrawn.

    Complete again means settled again: a verdict that was there is superseded by the next one.
    """
    places = Place.objects.filter(item=OuterRef("pk"), is_extra=False)
    unfilled = Exists(places.filter(state__in=[Place.State.OPEN, Place.State.CLAIMED]))
    stays = Q(state=Item.State.WITHDRAWN)
    grace = Subquery(Queue.objects.filter(pk=OuterRef("queue")).values("grace_seconds")[:1])
    Item.objects.filter(pk__in=item_ids).update(
        n_filled=counted(places.filter(state=Place.State.FILLED)),
        k=counted(places.exclude(state=Place.State.WITHDRAWN)),
        state=Case(When(stays, then=F("state")), When(unfilled, then=Value("open")), default=Value("complete")),
        completed_at=Case(When(stays, then=F("completed_at")), When(unfilled, then=None), default=Now()),
        settle_after=Case(When(stays | Q(unfilled), then=None), default=Now() + seconds(grace)),
    )


def counted(rows: models.QuerySet[Any]) -> Coalesce:
    """How many of an item's rows, as an expression."""
    return Coalesce(Subquery(rows.order_by().values("item").annotate(n=Count("pk")).values("n")), 0)


def seconds(number: models.expressions.Combinable) -> models.ExpressionWrapper[Any]:
    """A column of seconds as a span of time, on both databases."""
    whole = Cast(number, models.IntegerField())
    return models.ExpressionWrapper(whole * Value(timedelta(seconds=1)), models.DurationField())


def fill(assignment: Assignment) -> bool:
    """Fill the place that this assignment holds, or else an open one of its item; False when there is none.

    An extra place is its person's for good: it is filled even when nobody is asked there any more.
    """
    held = Place.objects.filter(assignment=assignment, state=Place.State.CLAIMED)
    if held.update(state=Place.State.FILLED, lease_until=None):
        return True
    place = own_extra(assignment) if assignment.is_extra else first_open(assignment.item_id, assignment.reviewer_id)
    if place is None:
        return False
    taken = Place.objects.filter(pk=place.pk, state=place.state)
    return bool(taken.update(state=Place.State.FILLED, assignment=assignment, claimed_at=Now(), hidden_until=None))


def count_held(assignment: Assignment, review: Review) -> bool:
    """Count the review in the place that the assignment holds, in one statement; False when that place is lost.

    For PostgreSQL, where each statement is a journey; `fill` and `recount` do the same anywhere.
    """
    if connection.vendor != "postgresql":
        return False
    values: dict[str, Any] = {
        "assignment": assignment.pk,
        "item": assignment.item_id,
        "review": review.pk,
        "at": review.submitted_at,
    }
    return bool(fetch(statements.COUNT_HELD, values))


def first_open(item_id: int, reviewer_id: int | None) -> Place | None:
    """The item's first open place, locked, that is not kept for somebody else, and counts."""
    places = Place.objects.filter(item=item_id, state=Place.State.OPEN, is_extra=False).order_by("lane", "pos")
    mine = Q(reserved_for__isnull=True) | Q(reserved_for=reviewer_id)
    return places.filter(mine).select_for_update(no_key=True).first()


def own_extra(assignment: Assignment) -> Place | None:
    """The extra place that was kept for this person on the item, locked, if nobody is in it."""
    kept = Place.objects.filter(item=assignment.item_id, is_extra=True, reserved_for=assignment.reviewer_id)
    kept = kept.filter(round=assignment.round)
    return kept.filter(assignment__isnull=True).select_for_update(no_key=True).first()


def give_back(places: Iterable[Place]) -> None:
    """Free claimed or filled places: the oldest surplus of the item gets each, else it opens at the front of all lanes.

    A fresh position in lane 0 has been passed by nobody. On a withdrawn item a freed place is withdrawn too. An extra
    place is for one person: it opens for them again while their turn goes on, and is withdrawn when that has ended.
    """
    freed = list(places)
    waiting: defaultdict[int, list[Assignment]] = defaultdict(list)
    for surplus in oldest_surplus(place.item_id for place in freed):
        waiting[surplus.item_id].append(surplus)
    reopened: dict[int, list[Place]] = defaultdict(list)
    for place in freed:
        if place.is_extra:
            goes_on = place.assignment is not None and place.assignment.state == Assignment.State.CLAIMED
            vacate([place], state=Place.State.OPEN if goes_on else Place.State.WITHDRAWN)
        elif place.item.state == Item.State.WITHDRAWN:
            vacate([place], state=Place.State.WITHDRAWN)
        elif waiting[place.item_id]:
            promote(place, waiting[place.item_id].pop(0))
        else:
            reopened[place.queue_id].append(place)
    for queue_id, group in reopened.items():
        first = fresh_positions(queue_id, GIVEN_BACK, len(group))
        for offset, place in enumerate(group):
            place.lane, place.pos = GIVEN_BACK, first + offset
        vacate(group, state=Place.State.OPEN)
    for item_id in {place.item_id for place in freed if not place.is_extra}:
        recount(item_id)


def vacate(places: list[Place], *, state: str) -> None:
    for place in places:
        place.state, place.assignment, place.claimed_at, place.lease_until = state, None, None, None
    Place.objects.bulk_update(places, ["state", "assignment", "claimed_at", "lease_until", "lane", "pos"])


def oldest_surplus(item_ids: Iterable[int]) -> models.QuerySet[Assignment]:
    rows = Assignment.objects.filter(item__in=set(item_ids), state=Assignment.State.SURPLUS, is_extra=False)
    return rows.order_by("item", "submitted_at", "pk")


def promote(place: Place, surplus: Assignment) -> None:
    """Let a review that came too late count after all."""
    Place.objects.filter(pk=place.pk).update(
        state=Place.State.FILLED, assignment=surplus, lease_until=None, hidden_until=None
    )
    Assignment.objects.filter(pk=surplus.pk).update(state=Assignment.State.SUBMITTED)


def promote_surplus(item: Item) -> Assignment | None:
    """Give an open place of the (locked) item to its oldest surplus review, if it has both."""
    surplus = oldest_surplus([item.pk]).first()
    place = first_open(item.pk, surplus.reviewer_id) if surplus else None
    if surplus is None or place is None:
        return None
    promote(place, surplus)
    recount(item.pk)
    surplus.state = Assignment.State.SUBMITTED
    return surplus


def lock_item(item_id: int) -> Item:
    """The item with its queue, locked; readers and foreign keys are not held up."""
    rows = Item.objects.select_for_update(of=("self",), no_key=True).select_related("queue__rubric_version")
    return rows.get(pk=item_id)
