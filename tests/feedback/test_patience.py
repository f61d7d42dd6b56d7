"""How long the database may let a process wait, and what people and programs are told then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test import Client

from feedback.accounts.models import Project
from feedback.patience import is_unavailable
from tests import make

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
        "current_setting('idle_in_transaction_session_timeout')")
    print(*cursor.fetchone())
"""
WEB = "import feedback.wsgi"
WORKER = "from feedback.celery import app, Limits; import django; django.setup(); assert Limits in app.steps['worker']"
COMMAND = "import django; django.setup()"


def limits(start: str, **environment: str) -> list[str]:
    """The three limits of a connection in a new process that began like this."""
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "feedback.settings", "JOB_LEASE_SECONDS": "120", **environment}
    command = [sys.executable, "-c", f"{start}\n{SHOW}"]
    ran = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
    return ran.stdout.split()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (WEB, ["30s", "10s", "2min"]),
        (f"{WORKER}; Limits(None)", ["10min", "1min", "2min"]),
        (COMMAND, ["0", "0", "2min"]),
    ],
)
def test_each_kind_of_process_has_its_own_limits(start: str, expected: list[str]) -> None:
    assert limits(start) == expected


@pytest.mark.postgres
def test_the_limits_are_settings() -> None:
    assert limits(WEB, WEB_STATEMENT_SECONDS="7", WEB_LOCK_SECONDS="0") == ["7s", "0", "2min"]


@pytest.mark.parametrize("start", [WEB, f"{WORKER}; Limits(None)"])
def test_sqlite_has_its_busy_timeout_alone(start: str, tmp_path: Path) -> None:
    code = f"{start}\nfrom django.db import connection\nconnection.ensure_connection()\nprint(connection.vendor)"
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'small'}", "VAR_DIR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "feedback.settings"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (ran.stdout.strip(), ran.returncode) == ("sqlite", 0), ran.stderr


@pytest.fixture
def locked(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """The table of queues, held by somebody else; here nobody waits longer than a moment."""
    c = connection.settings_dict
    words = {"host": c["HOST"], "port": c["PORT"] or 5432, "user": c["USER"], "password": c["PASSWORD"]}
    with psycopg.connect(dbname=c["NAME"], **words) as other:
        other.execute("LOCK TABLE queues_queue IN ACCESS EXCLUSIVE MODE")
        yield other
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
        cursor.execute("RESET statement_timeout")


@pytest.mark.postgres
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_page_that_waits_too_long_says_so_and_works_again(
    transactional_db: None, locked: psycopg.Connection[Any], limit: str
) -> None:
    client = make.SignedIn(make.member(make.project("travel"), "reviewer"), raise_request_exception=False)
    connection.cursor().execute(f"SET {limit} = '200ms'")
    answer = client.get("/p/travel/work/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Too busy at the moment" in answer.content.decode()
    locked.rollback()
    assert client.get("/p/travel/work/").status_code == 200


@pytest.mark.postgres
def test_a_program_is_told_when_to_ask_again(transactional_db: None, locked: psycopg.Connection[Any]) -> None:
    key = make.api_key(make.project(), "queues:write")
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
    connection.cursor().execute("SET lock_timeout = '200ms'")
    answer = client.get("/api/v1/queues/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unavailable"
    locked.rollback()
    assert client.get("/api/v1/queues/").status_code == 200


@pytest.mark.postgres
def test_a_statement_that_was_stopped_is_told_from_a_fault(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
        with pytest.raises(OperationalError) as stopped:
            cursor.execute("SELECT pg_sleep(5)")
    assert is_unavailable(stopped.value)


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_away(db: None) -> None:
    from django.db.backends.postgresql.base import DatabaseWrapper

    gone = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "1", "CONN_MAX_AGE": 0}
    with pytest.raises(OperationalError) as refused:
        DatabaseWrapper(gone).ensure_connection()
    assert is_unavailable(refused.value)


def test_a_broken_promise_is_a_fault(project: Project) -> None:
    with pytest.raises(IntegrityError) as broken:
        Project.objects.create(pk=project.pk, slug="other")
    assert not is_unavailable(broken.value)
    assert not is_unavailable(OperationalError("no such table: queues_queue"))
    assert is_unavailable(OperationalError("database is locked"))
    assert not is_unavailable(None)
