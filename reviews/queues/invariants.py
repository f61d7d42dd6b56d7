"""What must always hold for queues (DESIGN §9), each as a query for what breaks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from feedback.checks import Invariant
from feedback.judgements.models import Review
from reviews.queues.care_models import unwanted
from reviews.queues.models import Assignment, Front, Item, Lane, Place, Queue
from reviews.queues.places import counted

SWEEP = timedelta(seconds=60)  # a due place is freed by the next claim or sweep; a minute later something is wrong

COUNTED = Q(state=Assignment.State.SUBMITTED)
HELD = Q(state=Place.State.CLAIMED)
UNFILLED = Q(state__in=[Place.State.OPEN, Place.State.CLAIMED])
OWN = Q(is_extra=False)  # of the item's k; extra places are beside it


def lost_submits() -> models.QuerySet[Any]:
    """Submitted assignments whose review does not stand, or is not about what they were shown."""
    rows = Assignment.objects.filter(state__in=[Assignment.State.SUBMITTED, Assignment.State.SURPLUS])
    stands = Review.objects.standing().filter(
        pk=OuterRef("review"), subject=OuterRef("item__subject"), reviewer=OuterRef("reviewer"), round=OuterRef("round")
    )
    return rows.filter(~Exists(stands))


def unlinked_reviews() -> models.QuerySet[Any]:
    """Standing reviews that came from a queue and that no assignment of it knows."""
    queue = Queue.objects.filter(project=OuterRef("project"), key=OuterRef("origin"))
    known = Assignment.objects.filter(review=OuterRef("pk"))
    return Review.objects.standing().filter(Exists(queue), ~Exists(known))


def wrongly_filled() -> models.QuerySet[Any]:
    """Filled places without a counted review of their own item."""
    counts = Assignment.objects.filter(COUNTED, pk=OuterRef("assignment"), item=OuterRef("item"))
    return Place.objects.filter(~Exists(counts), state=Place.State.FILLED)


def uncounted() -> models.QuerySet[Any]:
    """Counted assignments that fill no place."""
    return Assignment.objects.filter(COUNTED, ~Q(place__state=Place.State.FILLED) | Q(place__isnull=True))


def overfilled() -> models.QuerySet[Any]:
    """Items with more counted reviews than places, or one person counted twice in a round."""
    places = counted(Place.objects.filter(OWN, item=OuterRef("pk")).exclude(state=Place.State.WITHDRAWN))
    reviews = counted(Assignment.objects.filter(COUNTED, OWN, item=OuterRef("pk")))
    twice = (
        Assignment.objects.filter(COUNTED, item=OuterRef("pk"))
        .order_by()
        .values("reviewer", "round")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    return Item.objects.alias(n_places=places, n_reviews=reviews).filter(Q(n_reviews__gt=F("n_places")) | Exists(twice))


def wrongly_held() -> models.QuerySet[Any]:
    """Held places whose assignment is not a claim on that item."""
    claim = Assignment.objects.filter(pk=OuterRef("assignment"), item=OuterRef("item"), state=Assignment.State.CLAIMED)
    return Place.objects.filter(HELD, ~Exists(claim))


def doubly_held() -> models.QuerySet[Any]:
    """Items that one person holds twice."""
    held = Place.objects.filter(HELD, item=OuterRef("pk")).order_by().values("assignment__reviewer")
    return Item.objects.filter(Exists(held.annotate(n=Count("pk")).filter(n__gt=1)))


def overdue() -> models.QuerySet[Any]:
    """Held places that no sweep has freed."""
    return Place.objects.filter(HELD, lease_until__lt=Now() - SWEEP)


def idle() -> models.QuerySet[Any]:
    """Items in a state that their places contradict."""
    unfilled = Exists(Place.objects.filter(UNFILLED, OWN, item=OuterRef("pk")))
    an_open = Exists(Place.objects.filter(OWN, item=OuterRef("pk"), state=Place.State.OPEN))
    done = Q(state__in=[Item.State.COMPLETE, Item.State.SETTLED, Item.State.UNRESOLVED])
    return Item.objects.filter(
        Q(state=Item.State.OPEN) & ~Q(unfilled) | done & Q(unfilled) | Q(state=Item.State.WITHDRAWN) & Q(an_open)
    )


def passed_by() -> models.QuerySet[Any]:
    """Fronts beyond an open place that this reviewer could take."""
    turn = Assignment.objects.filter(item=OuterRef("item"), reviewer=OuterRef(OuterRef("reviewer")))
    missed = Place.objects.filter(
        ~Exists(turn),
        ~unwanted(OuterRef(OuterRef("reviewer")), OuterRef("item")),
        queue=OuterRef("queue"),
        lane=OuterRef("lane"),
        pos__lte=OuterRef("pos"),
        state=Place.State.OPEN,
        reserved_for__isnull=True,
        hidden_until__isnull=True,
    )
    return Front.objects.filter(Exists(missed))


def miscounted() -> models.QuerySet[Any]:
    """Items whose counters differ from their places."""
    places = Place.objects.filter(OWN, item=OuterRef("pk"))
    return Item.objects.alias(
        n=counted(places.filter(state=Place.State.FILLED)), all=counted(places.exclude(state=Place.State.WITHDRAWN))
    ).filter(~Q(n_filled=F("n")) | ~Q(k=F("all")))


def misplaced() -> models.QuerySet[Any]:
    """Turns in a place of another kind or round, and extra places that anybody could take."""
    for_all = Q(is_extra=True, state=Place.State.OPEN, reserved_for__isnull=True)
    other = Q(assignment__isnull=False) & ~Q(assignment__is_extra=F("is_extra"))
    again = Q(assignment__isnull=False, is_extra=True) & ~Q(assignment__round=F("round"))
    return Place.objects.filter(for_all | other | again)


def outrun() -> models.QuerySet[Any]:
    """Lanes whose next position is taken already."""
    last = Place.objects.filter(queue=OuterRef("queue"), lane=OuterRef("number")).order_by().values("lane")
    top = Coalesce(Subquery(last.annotate(top=Max("pos")).values("top")), 0)
    return Lane.objects.alias(top=top).filter(next_pos__lte=F("top"))


INVARIANTS = [
    Invariant("I1", "Every submitted assignment has its standing review.", lost_submits),
    Invariant("I1", "Every standing review of a queue belongs to an assignment.", unlinked_reviews),
    Invariant("I2", "A filled place holds a counted review of its item.", wrongly_filled),
    Invariant("I2", "A counted review fills a place.", uncounted),
    Invariant("I2", "An item has no more counted reviews than places, from different people.", overfilled),
    Invariant("I2", "An extra place is one person's, and so is the turn in it.", misplaced),
    Invariant("I3", "A held place belongs to a claim on its item.", wrongly_held),
    Invariant("I3", "Nobody holds two places of an item.", doubly_held),
    Invariant("I4", "Every claim ends within its lease and a sweep.", overdue),
    Invariant("I5", "An item waits exactly while it has places to fill.", idle),
    Invariant("I5", "No front has passed a place that its reviewer could take.", passed_by),
    Invariant("I10", "An item's counters are what its places say.", miscounted),
    Invariant("I10", "A lane's next position is free.", outrun),
]
