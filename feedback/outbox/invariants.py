"""What must always hold of webhooks (DESIGN §9)."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from feedback.checks import Invariant
from feedback.jobs import Job
from feedback.outbox.models import Delivery, Endpoint, Event

BLOCK = 2_000


def untold() -> list[str]:
    """Events without a delivery to an endpoint that wanted them and is still there."""
    there = set(Endpoint.objects.there().values_list("pk", flat=True))
    found: list[str] = []
    last = 0
    while block := list(Event.objects.filter(pk__gt=last).order_by("pk")[:BLOCK]):
        last = block[-1].pk
        rows = Delivery.objects.filter(event__gte=block[0].pk, event__lte=last)
        told = set(rows.values_list("event_id", "endpoint_id"))
        for event in block:
            missing = [pk for pk in event.wanted_by if pk in there and (event.pk, pk) not in told]
            found += [f"event {event.pk} ({event}) has no delivery to endpoint {pk}" for pk in missing]
    return found


def out_of_order() -> QuerySet[Delivery]:
    """Delivered before an earlier event about the same thing, which was not given up and never sent again."""
    same = Delivery.objects.filter(
        endpoint=OuterRef("endpoint"), about=OuterRef("about"), event__lt=OuterRef("event"), replays=0
    )
    later = same.filter(delivered_at__gt=OuterRef("delivered_at"))
    never = same.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    rows: QuerySet[Delivery] = Delivery.objects.filter(delivered_at__isnull=False, replays=0)
    return rows.filter(Exists(later) | Exists(never))


def strays() -> QuerySet[Delivery]:
    """Deliveries whose project or subject is not their event's, or that go to another project's endpoint."""
    foreign = ~Q(event__project=F("project")) | ~Q(endpoint__project=F("project")) | ~Q(about=F("event__about"))
    return Delivery.objects.filter(foreign)


INVARIANTS = [
    Invariant("I9", "Every event has a delivery to each endpoint that wanted it.", untold),
    Invariant("I9", "Events about the same thing were delivered in their order.", out_of_order),
    Invariant("I13", "Deliveries belong to the project of their event and of their endpoint.", strays),
]
