"""The audit log under the hands of somebody with the database: refused by triggers, found by `verify` without them.

What the chain alone cannot show is the end being cut off; a link that was noted elsewhere shows that (`verify --link`).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from feedback.accounts.models import Project
from feedback.audit.chain import BATCH, FIELDS, link_hash, verify_chain
from feedback.audit.log import record
from feedback.audit.models import AuditEvent, AuditSeal
from feedback.audit.tasks import seal
from tests.attacks.tenants import unfrozen

SEALED = 6
EVENTS, SEALS = AuditEvent._meta.db_table, AuditSeal._meta.db_table


@pytest.fixture(autouse=True)
def chain(project: Project) -> None:
    for number in range(SEALED):
        record("made", project, project=project, number=number)
    seal()
    assert verify_chain() == []


def run(*statements: str) -> None:
    """As somebody would who has the rights of the tables' owner: no trigger, no foreign key in the way."""
    with unfrozen(AuditEvent), unfrozen(AuditSeal), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")


def nth(number: int) -> int:
    return int(AuditSeal.objects.get(seq=number).event_id)


def edit_a_fact() -> None:
    run(f"UPDATE {EVENTS} SET facts = '{{}}' WHERE id = {nth(3)}")


def edit_the_actor() -> None:
    run(f"UPDATE {EVENTS} SET actor = 'somebody' WHERE id = {nth(SEALED)}")


def edit_the_time() -> None:
    run(f"UPDATE {EVENTS} SET at = '2001-01-01 00:00:00' WHERE id = {nth(1)}")


def move_to_another_project() -> None:
    run(f"UPDATE {EVENTS} SET project_id = NULL WHERE id = {nth(2)}")


def delete_from_the_middle() -> None:
    event = nth(3)
    run(f"DELETE FROM {SEALS} WHERE seq = 3", f"DELETE FROM {EVENTS} WHERE id = {event}")


def delete_the_first() -> None:
    event = nth(1)
    run(f"DELETE FROM {SEALS} WHERE seq = 1", f"DELETE FROM {EVENTS} WHERE id = {event}")


def delete_an_event_and_leave_its_link() -> None:
    run(f"DELETE FROM {EVENTS} WHERE id = {nth(3)}")


def delete_the_last_event_and_leave_its_link() -> None:
    run(f"DELETE FROM {EVENTS} WHERE id = {nth(SEALED)}")


def close_the_gap() -> None:
    event = nth(3)
    run(f"DELETE FROM {SEALS} WHERE seq = 3", f"DELETE FROM {EVENTS} WHERE id = {event}")
    run(*(f"UPDATE {SEALS} SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(4, SEALED + 1)))


def swap_two() -> None:
    first, second = nth(2), nth(4)
    run(f"UPDATE {SEALS} SET event_id = -1 WHERE seq = 2", f"UPDATE {SEALS} SET event_id = {first} WHERE seq = 4",
        f"UPDATE {SEALS} SET event_id = {second} WHERE seq = 2")  # fmt: skip


def insert_into_the_middle() -> None:
    forged = AuditEvent.objects.create(verb="forged", object_type="x")
    run(*(f"UPDATE {SEALS} SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(SEALED, 2, -1)))
    AuditSeal.objects.create(seq=3, event=forged, hash="0" * 64)


def append_with_a_made_up_hash() -> None:
    AuditSeal.objects.create(seq=SEALED + 1, event=AuditEvent.objects.create(verb="x", object_type="x"), hash="0" * 64)


def change_a_link() -> None:
    run(f"UPDATE {SEALS} SET hash = '{'0' * 64}' WHERE seq = {SEALED}")


def empty_the_chain() -> None:
    run(f"DELETE FROM {SEALS}", f"DELETE FROM {EVENTS}")


TAMPERING = [
    edit_a_fact, edit_the_actor, edit_the_time, move_to_another_project, delete_from_the_middle, delete_the_first,
    delete_an_event_and_leave_its_link, delete_the_last_event_and_leave_its_link, close_the_gap, swap_two,
    insert_into_the_middle, append_with_a_made_up_hash, change_a_link,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERING)
def test_tampering_is_found(tamper: Callable[[], None]) -> None:
    tamper()
    assert verify_chain() != []
    with pytest.raises(CommandError):
        call_command("verify")
    run(f"DELETE FROM {SEALS}")  # a link without its event must not outlive the test


def cut_off_the_end() -> None:
    events = [nth(SEALED - 1), nth(SEALED)]
    run(
        f"DELETE FROM {SEALS} WHERE seq >= {SEALED - 1}", f"DELETE FROM {EVENTS} WHERE id IN ({events[0]}, {events[1]})"
    )


def write_it_all_anew() -> None:
    """With a change in the first event and every hash made to fit: whoever may write can also calculate."""
    edit_the_time()
    events = AuditEvent.objects.order_by("seal__seq").values(*FIELDS)
    previous, statements = "", []
    for seq, event in enumerate(events, 1):
        previous = link_hash(previous, event)
        statements.append(f"UPDATE {SEALS} SET hash = '{previous}' WHERE seq = {seq}")
    run(*statements)


@pytest.mark.parametrize("tamper", [cut_off_the_end, write_it_all_anew, empty_the_chain])
def test_what_fits_together_is_found_by_a_link_that_was_noted_elsewhere(tamper: Callable[[], None]) -> None:
    noted = AuditSeal.objects.get(seq=SEALED)
    call_command("verify", "--link", f"{noted.seq} {noted.hash}")
    tamper()
    assert verify_chain() == []
    with pytest.raises(CommandError, match="promises are broken"):
        call_command("verify", "--link", f"{noted.seq} {noted.hash}")


@pytest.mark.parametrize("model", [AuditEvent, AuditSeal])
def test_triggers_refuse_changes(model: type[AuditEvent | AuditSeal]) -> None:
    column = "verb" if model is AuditEvent else "hash"
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.update(**{column: "x"})


@pytest.mark.postgres
@pytest.mark.parametrize("model", [AuditEvent, AuditSeal])
def test_triggers_refuse_deletion(model: type[AuditEvent | AuditSeal]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


def test_a_batch_is_longer_than_what_is_tampered_with_here() -> None:
    assert BATCH > SEALED
