"""Extra places: one more review of an item by one named person, beside the k that it needs.

An extra place is kept for its person and comes by the ordinary claim, at once or after so many of their submits in the
queue. What is said there is a review like any other, and counts for neither the item's state nor its verdict. Who asks
for such places, and why, is a higher room's business. A place of a later round
asks the same person about the same item again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Now

from feedback.accounts.models import Member
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.places import fresh_positions, lock_item

State = Place.State


@transaction.atomic
def add_extra(
    item: Item, member: Member, *, after_submits: int | None = None, since: datetime | None = None
) -> Place | None:
    """Keep an extra place on the item for this person; None when they have had a turn at it, or have one kept."""
    item = lock_item(item.pk)
    kept = Place.objects.filter(item=item, is_extra=True, reserved_for=member)
    if kept.exists() or Assignment.objects.filter(item=item, reviewer=member).exists():
        return None
    return keep(item, member, after_submits=after_submits, submits_since=since)


@transaction.atomic
def add_again(first: Assignment, *, after_submits: int | None = None, since: datetime | None = None) -> Place | None:
    """Keep a place for who has reviewed the item, to review it once more; None while or after they are asked again."""
    item = lock_item(first.item_id)
    turns = Assignment.objects.filter(item=item, reviewer=first.reviewer_id)
    kept = Place.objects.filter(item=item, is_extra=True, reserved_for=first.reviewer_id, round__gt=first.round)
    later = turns.filter(round__gt=first.round)
    if kept.exists() or later.exists() or not turns.filter(pk=first.pk, state=Assignment.State.SUBMITTED).exists():
        return None
    return keep(item, first.reviewer, after_submits=after_submits, submits_since=since, round=first.round + 1)


def keep(item: Item, member: Member, **how: Any) -> Place:
    """A further place of the (locked) item, for this person."""
    top = Place.objects.filter(item=item).aggregate(top=Max("number"))["top"] or 0
    return Place.objects.create(
        project_id=item.project_id,
        queue=item.queue,
        item=item,
        number=top + 1,
        lane=item.lane,
        pos=fresh_positions(item.queue_id, item.lane, 1),
        is_extra=True,
        reserved_for=member,
        **how,
    )


def submits_since(queue_id: int, member: Member, since: datetime) -> int:
    """As the claim counts them (`statements.SUBMITS`)."""
    return Assignment.objects.filter(queue=queue_id, reviewer=member, submitted_at__gt=since).count()


def withdraw_extra(places: QuerySet[Place]) -> int:
    """Ask nobody there any more; who is at it may finish. How many were open."""
    return places.filter(is_extra=True, state=State.OPEN).update(state=State.WITHDRAWN)


def overtaken(places: QuerySet[Place]) -> QuerySet[Place]:
    """Open extra places whose person has had a turn at the item elsewhere: nobody will ever come there."""
    turn = Assignment.objects.filter(item=OuterRef("item"), reviewer=OuterRef("reserved_for"))
    own = turn.filter(is_extra=True)
    return places.filter(Exists(turn), ~Exists(own), is_extra=True, state=State.OPEN, round=1)


def database_time(member: Member) -> datetime:
    return Member.objects.filter(pk=member.pk).annotate(at=Now()).values_list("at", flat=True).get()
