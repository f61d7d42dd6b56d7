"""Two at once: events about the same thing get their order, and no delivery goes to two workers."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError

from feedback import jobs
from feedback.accounts.models import Project
from feedback.outbox.emit import emit
from feedback.outbox.models import Delivery, Endpoint, Event
from tests.feedback.outbox.conftest import DATA, READY, Receiver, work
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_delivery_exists_once(endpoint: Endpoint, project: Project) -> None:
    with transaction.atomic():
        emit(project.pk, READY, "dataset/a", DATA)
    row = Delivery.objects.get()
    with pytest.raises(IntegrityError):
        Delivery.objects.create(project=project, event=row.event, endpoint=endpoint, about=row.about)


def test_an_event_is_never_changed(endpoint: Endpoint, project: Project) -> None:
    with transaction.atomic():
        emit(project.pk, READY, "dataset/a", DATA)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Event.objects.update(data={})


@pytest.mark.postgres
def test_who_tells_of_the_same_thing_waits_for_the_other(endpoint: Endpoint, project: Project) -> None:
    """Else the later one could be seen, and sent, before the earlier one is there."""
    written, end = threading.Event(), threading.Event()

    @transaction.atomic
    def tell(about: str) -> None:
        emit(project.pk, READY, about, DATA)

    def slow() -> None:
        with transaction.atomic():
            tell("dataset/a")
            written.set()
            assert end.wait(30)

    def quick() -> None:
        assert written.wait(30)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            tell("dataset/a")
        tell("dataset/b")  # of which nobody else tells
        end.set()

    at_once(slow, quick)
    assert set(Event.objects.values_list("about", flat=True)) == {"dataset/a", "dataset/b"}


@pytest.mark.postgres
def test_each_delivery_goes_to_one_worker_in_its_order(
    endpoint: Endpoint, project: Project, receiver: Receiver
) -> None:
    for number in range(12):
        with transaction.atomic():
            emit(project.pk, READY, f"dataset/{number % 3}", {**DATA, "number": number})
    at_once(work, work, work, work)
    while work():
        pass
    assert len(receiver.ids) == len(set(receiver.ids)) == 12
    by_id = {event.message_id: event for event in Event.objects.all()}
    for about in ("dataset/0", "dataset/1", "dataset/2"):
        sent = [by_id[one].pk for one in receiver.ids if by_id[one].about == about]
        assert sent == sorted(sent)


@pytest.mark.postgres
def test_one_claim_of_many_wins(endpoint: Endpoint, project: Project) -> None:
    with transaction.atomic():
        emit(project.pk, READY, "dataset/a", DATA)
    pk = Delivery.objects.get().pk
    assert sorted(at_once(*[lambda: jobs.claim(Delivery, pk)] * 6), key=str) == [1, None, None, None, None, None]
