"""What is kept, for how long, under which key; and what `verify` finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback.accounts.models import Project
from feedback.outbox import invariants
from feedback.outbox.models import Delivery, Endpoint, Event
from feedback.outbox.tasks import forget
from feedback.sealed import unseal
from feedback.takeouts.tables import Table
from tests import make, world
from tests.feedback.outbox.conftest import READY, Receiver, work

Tell = Callable[..., Event]


def test_events_are_forgotten_after_their_time(endpoint: Endpoint, settings: Settings) -> None:
    about: dict[str, Any] = {"project": endpoint.project, "type": READY, "data": {}, "wanted_by": [endpoint.pk]}
    for name, days in (("dataset/old", settings.WEBHOOK_KEEP_DAYS), ("dataset/kept", settings.WEBHOOK_KEEP_DAYS - 1)):
        at = timezone.now() - timedelta(days=days, minutes=1)
        event = Event.objects.create(**about, about=name, created_at=at)
        Delivery.objects.create(project=endpoint.project, endpoint=endpoint, event=event, about=name)
    assert forget() == 1
    assert list(Delivery.objects.values_list("event__about", flat=True)) == ["dataset/kept"]


def test_a_removed_endpoint_goes_a_little_later(endpoint: Endpoint, told: Tell) -> None:
    told()
    endpoint.switch(Endpoint.State.REMOVED)
    forget()
    assert Endpoint.objects.count() == 1
    Endpoint.objects.update(state_at=timezone.now() - timedelta(hours=2))
    forget()
    assert (Endpoint.objects.count(), Delivery.objects.count(), Event.objects.count()) == (0, 0, 1)
    assert invariants.untold() == []


def test_secrets_are_sealed_anew_under_a_new_key(endpoint: Endpoint, settings: Settings) -> None:
    endpoint.rotate()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 50
    out = StringIO()
    call_command("reseal", stdout=out)
    assert out.getvalue() == "2 secrets sealed anew.\n"
    settings.SECRET_KEY_FALLBACKS = []
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed_secret) == endpoint.secret
    settings.SECRET_KEY = "m" * 50
    with pytest.raises(CommandError, match=f"outbox.endpoint {endpoint.pk}: sealed_secret"):
        call_command("reseal", "--json", stdout=out)


def test_no_secret_is_in_a_take_out(project: Project) -> None:
    taken = set(Table(Endpoint, "project").columns)
    assert "url" in taken
    assert not {"sealed_secret", "sealed_old_secret"} & taken


def test_verify_finds_what_was_not_told(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    told()
    event = told()
    assert invariants.untold() == []
    event.deliveries.all().delete()
    assert invariants.untold() == [f"event {event.pk} ({event}) has no delivery to endpoint {endpoint.pk}"]


def test_verify_finds_what_came_out_of_turn(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    first, second = told(), told()
    work()
    assert not invariants.out_of_order().exists()
    Delivery.objects.filter(event=first).update(delivered_at=timezone.now() + timedelta(hours=1))
    assert [row.event for row in invariants.out_of_order()] == [second]


def test_verify_finds_strays(project: Project, other_project: Project) -> None:
    delivery = world.delivery(project)
    assert not invariants.strays().exists()
    Delivery.objects.filter(pk=delivery.pk).update(endpoint=world.endpoint(other_project))
    assert list(invariants.strays()) == [delivery]
    assert make.project().deliveries.count() == 0
