"""Sealing: every event once, in an order of its own, and no change goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction

from feedback.accounts.models import Project
from feedback.audit.chain import seal_batch, verify_chain
from feedback.audit.invariants import INVARIANTS
from feedback.audit.log import record
from feedback.audit.models import AuditEvent, AuditSeal
from feedback.audit.tasks import seal
from tests import make


def write(project: Project, count: int) -> None:
    for number in range(count):
        record("made", project, number=number, text="ä ≠ a", share=0.1)


@contextmanager
def without_triggers(table: str) -> Iterator[None]:
    """What a tamperer with the database's own rights can do; the test's transaction is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        else:
            cursor.execute(f'DROP TRIGGER "{table}_frozen"')
            cursor.execute(f'DROP TRIGGER "{table}_frozen_kept"')
        yield
        if connection.vendor == "postgresql":
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def test_every_event_is_sealed_once(project: Project) -> None:
    write(project, 5)
    assert seal() == 5
    assert seal() == 0
    assert list(AuditSeal.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5]
    assert verify_chain() == []


def test_batches_follow_one_another(project: Project) -> None:
    write(project, 5)
    assert [seal_batch(2), seal_batch(2), seal_batch(2), seal_batch(2)] == [2, 2, 1, 0]
    assert verify_chain() == []


def test_an_event_that_commits_late_gets_a_later_number(project: Project) -> None:
    write(project, 1)
    early = AuditEvent.objects.get()
    late = AuditEvent(verb="late", object_type="x", pk=early.pk + 10)
    later = AuditEvent(verb="later", object_type="x", pk=early.pk + 20)
    later.save(force_insert=True)
    seal()
    late.save(force_insert=True)
    seal()
    assert list(AuditSeal.objects.order_by("seq").values_list("event__verb", flat=True)) == ["made", "later", "late"]
    assert verify_chain() == []


def test_an_unsealed_event_breaks_nothing(project: Project) -> None:
    write(project, 2)
    seal()
    write(project, 1)
    assert INVARIANTS[0].code == "I11"
    assert INVARIANTS[0].violations() == []


def test_a_changed_event_is_found(project: Project) -> None:
    write(project, 3)
    seal()
    victim = AuditSeal.objects.get(seq=2).event
    with without_triggers("audit_auditevent"):
        AuditEvent.objects.filter(pk=victim.pk).update(actor="somebody else")
    assert verify_chain() == [f"Link 2 does not fit event {victim.pk} (made)."]


def test_a_removed_event_is_found(project: Project) -> None:
    write(project, 3)
    seal()
    link = AuditSeal.objects.get(seq=2)
    with without_triggers("audit_auditseal"), without_triggers("audit_auditevent"):
        AuditSeal.objects.filter(seq=2)._raw_delete(AuditSeal.objects.db)
        AuditEvent.objects.filter(pk=link.event_id)._raw_delete(AuditEvent.objects.db)
    assert verify_chain() == ["Links 2 to 2 are missing."]


def test_swapped_events_are_found(project: Project) -> None:
    write(project, 3)
    seal()
    first, second = (AuditSeal.objects.get(seq=seq) for seq in (1, 2))
    with without_triggers("audit_auditseal"):
        AuditSeal.objects.filter(seq=2).update(event=AuditEvent.objects.create(verb="x", object_type="x"))
        AuditSeal.objects.filter(seq=1).update(event=second.event_id)
        AuditSeal.objects.filter(seq=2).update(event=first.event_id)
    assert len(verify_chain()) == 2


def test_links_refuse_to_change(project: Project) -> None:
    write(project, 1)
    seal()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditSeal.objects.update(hash="0" * 64)


@pytest.mark.django_db(transaction=True)
def test_sealers_at_the_same_time_seal_each_event_once() -> None:
    write(make.project(), 60)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(12):
                seal_batch(5)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal()
    assert errors == []
    assert AuditSeal.objects.count() == 60
    assert verify_chain() == []
