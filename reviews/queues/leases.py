"""The right to a place until a time, by the database's clock: extending it, giving it back, and freeing what is due.

An application server's clock is never asked: one that runs an hour ahead would take work away from its reviewers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest, Least, Now

from reviews.queues import statements
from reviews.queues.models import Assignment, Item, Place, Queue
from reviews.queues.places import give_back, lock_item, promote_surplus

SOON = timedelta(seconds=120)  # after leaving the page: a reload keeps the item
PAUSE = timedelta(minutes=15)  # what a reviewer who says so may take before the item goes to others
AT_ONCE = 50  # due places that one claim frees


def heartbeat(assignment: Assignment) -> datetime | None:
    """Extend the lease to a full one, up to the queue's cap; its new end, or None when the place is lost."""
    queue = assignment.queue
    cap = F("claimed_at") + timedelta(seconds=queue.lease_cap_seconds)
    full = Greatest(F("lease_until"), Now() + timedelta(seconds=queue.lease_seconds))
    rows = Place.objects.filter(assignment=assignment, state=Place.State.CLAIMED)
    if not rows.filter(claimed_at__gt=Now() - timedelta(seconds=queue.lease_cap_seconds)).update(
        lease_until=Least(cap, full)
    ):
        return None
    return rows.values_list("lease_until", flat=True).first()


def renew(place_id: int, assignment_id: int, queue: Queue) -> bool:
    """A full lease for the claim that its reviewer came back to; after its end, or its cap, a new turn begins."""
    lease, cap = timedelta(seconds=queue.lease_seconds), timedelta(seconds=queue.lease_cap_seconds)
    is_over = Q(lease_until__lte=Now())
    rows = Place.objects.filter(pk=place_id, assignment=assignment_id, state=Place.State.CLAIMED)
    return bool(
        rows.update(
            claimed_at=Case(When(is_over, then=Now()), default=F("claimed_at")),
            lease_until=Case(
                When(is_over, then=Now() + lease),
                default=Least(F("claimed_at") + cap, Greatest(F("lease_until"), Now() + lease)),
            ),
        )
    )


@transaction.atomic
def release(assignment: Assignment, *, soon: bool) -> None:
    """Give the place back now, or `soon`: within two minutes unless the reviewer returns. Token and draft stay."""
    if soon:
        shorten(assignment, SOON)
        return
    held = Place.objects.filter(assignment=assignment, state=Place.State.CLAIMED)
    lock_item(assignment.item_id)
    give_back(held.select_for_update(of=("self",), no_key=True).select_related("item"))


def shorten(assignment: Assignment, most: timedelta) -> datetime | None:
    """End the lease after `most` unless its reviewer returns; when it ends, or None when the place is lost."""
    held = Place.objects.filter(assignment=assignment, state=Place.State.CLAIMED)
    held.update(lease_until=Least(F("lease_until"), Now() + most))
    return held.values_list("lease_until", flat=True).first()


def free_due(queue_id: int, limit: int = AT_ONCE, *, but_not: int = 0) -> int:
    """Free places of a queue whose lease is over, `but_not` those of the reviewer who is about to get theirs back."""
    if connection.vendor != "postgresql":
        return free(queue_id, limit, but_not=but_not)
    with connection.cursor() as cursor:
        cursor.execute(statements.FREE_DUE, {"queue": queue_id, "limit": limit, "but_not": but_not})
        return cursor.rowcount


@transaction.atomic
def free(queue_id: int, limit: int, *, but_not: int = 0) -> int:
    """The same in the long way, which also promotes surplus reviews. What is in use is left for the next time."""
    due = (
        Place.objects.filter(queue=queue_id, state=Place.State.CLAIMED, lease_until__lte=Now())
        .exclude(assignment__reviewer=but_not)
        .select_related("item")
        .select_for_update(skip_locked=True, of=("item", "self"), no_key=True)
        .order_by("lease_until")
    )
    places = list(due[:limit])
    give_back(places)
    return len(places)


def free_due_leases(limit: int = 1_000) -> int:
    """The sweep: free due places of every queue, up to `limit` in all; how many were freed."""
    due = Place.objects.filter(state=Place.State.CLAIMED, lease_until__lte=Now())
    freed = 0
    for queue_id in sorted(set(due.order_by("lease_until").values_list("queue_id", flat=True)[:limit])):
        freed += free(queue_id, limit - freed)
        if freed >= limit:
            break
    return freed


def promote_waiting(limit: int = 100) -> int:
    """The sweep's second half: a surplus review beside an open place, which a race may leave behind, is counted."""
    beside = {"item__places__state": Place.State.OPEN, "item__places__is_extra": False}
    surplus = Assignment.objects.filter(state=Assignment.State.SURPLUS, **beside)
    promoted = 0
    for item_id in set(surplus.values_list("item_id", flat=True)[:limit]):
        with transaction.atomic():
            item = lock_item(item_id)
            promoted += int(item.state != Item.State.WITHDRAWN and promote_surplus(item) is not None)
    return promoted
