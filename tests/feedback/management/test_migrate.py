"""`migrate` never makes others wait behind it for long."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from feedback.management.commands import migrate


@pytest.fixture
def other(transactional_db: None) -> Any:
    """Somebody who reads a table of the room that no other room needs, in a transaction that does not end."""
    c = connection.settings_dict
    words = {"host": c["HOST"], "port": c["PORT"] or 5432, "user": c["USER"], "password": c["PASSWORD"]}
    with psycopg.connect(dbname=c["NAME"], **words) as there:
        there.execute("SELECT count(*) FROM training_trainer")
        yield there
        there.rollback()
    call_command("migrate", "training", verbosity=0)


@pytest.mark.postgres
def test_it_gives_up_on_a_lock_and_changes_nothing(other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.0)
    with pytest.raises(CommandError, match="The locks were never free"):
        call_command("migrate", "training", "zero", verbosity=0, lock_seconds=1, lock_tries=2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'training' AND name = '0001_initial'")
        assert cursor.fetchone() == (1,)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.postgres
def test_it_goes_through_once_the_lock_is_free(other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
    done = threading.Timer(1.5, other.rollback)
    done.start()
    call_command("migrate", "training", "zero", verbosity=0, lock_seconds=1, lock_tries=30)
    done.join()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'training' AND name = '0001_initial'")
        assert cursor.fetchone() == (0,)


def test_a_database_of_an_earlier_release_is_told_where_to_go_first(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'quality' AND name IN ('0001_initial', '0004_gold')")
    with pytest.raises(CommandError, match=r"lacks quality\.0004_gold, which"):
        call_command("migrate", verbosity=0)
