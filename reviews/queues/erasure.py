"""Nobody is asked about a person's responses any more: places close, turns end, drafts and messages are emptied."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from feedback.erasing import Part, Scope
from reviews.queues.items import withdraw
from reviews.queues.models import Assignment, EscalationMessage, Item, Place
from reviews.queues.places import give_back, lock_item

ERASED = "erased"  # why a turn was ended


def items(scope: Scope) -> QuerySet[Any]:
    """Those that still ask for something, or that somebody is at."""
    asking = Q(places__state__in=[Place.State.OPEN, Place.State.CLAIMED]) | Q(
        assignments__state=Assignment.State.CLAIMED
    )
    return Item.objects.filter(asking, subject__parts__response__in=scope.responses).distinct()


def drafts(scope: Scope) -> QuerySet[Any]:
    theirs = Assignment.objects.filter(item__subject__parts__response__in=scope.responses)
    return theirs.exclude(draft={}, skip_note="").distinct()


def messages(scope: Scope) -> QuerySet[Any]:
    theirs = EscalationMessage.objects.filter(escalation__item__subject__parts__response__in=scope.responses)
    return theirs.exclude(text="").distinct()


def close(rows: QuerySet[Any]) -> None:
    """Open places are withdrawn; whoever is at it loses the turn, so that nothing comes in later under its token."""
    for pk in rows.values_list("pk", flat=True):
        item = lock_item(pk)
        withdraw(item)
        item.refresh_from_db()
        held = Place.objects.filter(item=item, state=Place.State.CLAIMED).select_related("item")
        give_back(held.select_for_update(of=("self",), no_key=True))
        turns = Assignment.objects.filter(item=item, state=Assignment.State.CLAIMED)
        turns.update(state=Assignment.State.SKIPPED, skip_reason=ERASED)


PARTS = [
    Part("items in queues", items, close, chunk=1),
    Part("drafts", drafts, lambda rows: rows.update(draft={}, skip_note="")),
    Part("messages to moderators", messages, lambda rows: rows.update(text="")),
]
