"""Telling of what happened: in the transaction of the change, so that both stand or fall together.

An event is written for the endpoints that want its type at that moment, paused and switched-off ones too; when none
does, nothing is. Whoever tells of the same thing at the same time waits for the other's end: ids of events grow in the
order in which they become visible, and deliveries keep to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from feedback.outbox.catalogue import TEST, TYPES
from feedback.outbox.models import BELLS, Delivery, Endpoint, Event

Told = tuple[str, dict[str, Any]]  # about what, such as "dataset/answers", and the data


def emit(project_id: int, type: str, about: str, data: dict[str, Any]) -> None:
    emit_all(project_id, type, [(about, data)])


def emit_all(project_id: int, type: str, told: Sequence[Told]) -> None:
    """Events of one type, in their order. Call it in the transaction of what happened."""
    if type not in TYPES:
        raise ValueError(f"{type} is not in the catalogue of events.")
    wanted_by = wanting(project_id, type) if told else []
    if wanted_by:
        write(project_id, type, told, wanted_by)


def emit_test(endpoint: Endpoint) -> Delivery:
    """For this endpoint alone, whatever it wants."""
    told = [(f"endpoint/{endpoint.pk}", {"endpoint": endpoint.pk})]
    return write(endpoint.project_id, TEST.name, told, [endpoint.pk])[0]


def wanting(project_id: int, type: str) -> list[int]:
    """Ids of the project's endpoints that want to hear of it. A project has a handful of them."""
    rows = Endpoint.objects.there().filter(project=project_id).order_by("pk").values_list("pk", "types")
    return [pk for pk, types in rows if type in types]


def write(project_id: int, type: str, told: Sequence[Told], wanted_by: list[int]) -> list[Delivery]:
    take_turns(project_id, {about for about, _ in told})
    now = timezone.now()
    about_all: dict[str, Any] = {"project_id": project_id, "type": type, "wanted_by": wanted_by, "created_at": now}
    events = Event.objects.bulk_create([Event(about=about, data=data, **about_all) for about, data in told])
    deliveries = Delivery.objects.bulk_create(
        Delivery(project_id=project_id, event=event, endpoint_id=pk, about=event.about)
        for event in events
        for pk in wanted_by
    )
    for delivery in deliveries[:BELLS]:
        delivery.ring()
    return deliveries


def take_turns(project_id: int, abouts: set[str]) -> None:
    """Nobody else tells of these things before this transaction has ended. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        names = sorted(f"webhooks {project_id} {about}" for about in abouts)  # one order for all: nobody deadlocks
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_advisory_xact_lock(hashtextextended(name, 0))) FROM unnest(%s::text[]) AS name",
                [names],
            )
