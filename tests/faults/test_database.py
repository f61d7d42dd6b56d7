"""PostgreSQL cuts connections, or is killed: what was acknowledged is there, and clients only ask again (F7, F8)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.instance import Instance, Postgres, eventually

pytestmark = [pytest.mark.services, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(300)]

CUT_ALL = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    answer = cursor.fetchone()[0]
"""


def test_a_connection_that_was_cut_while_idle_costs_nobody_anything(fragile_web: Any) -> None:
    instance: Instance = fragile_web()
    for scene in ("submit_by_page", "submit_by_rest", "claim_by_page", "ingest_stream"):
        (status,) = instance.call("tests.faults.crashes", "plainly", scene)
        assert status < 400
        assert instance.run(CUT_ALL) >= 1
    assert instance.call("tests.faults.crashes", "broken") == []


@pytest.fixture
def private(tmp_path: Path, migrated: str) -> Iterator[Postgres]:
    """A server of its own that writes to the disk before it says so, with a copy of the migrated database."""
    server = Postgres(tmp_path / "postgres")
    server.copy(migrated)
    yield server
    server.stop()


def test_what_was_acknowledged_outlives_a_killed_postgres(private: Postgres, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    instance = Instance(folder, private.url)
    instance.fragile_web()
    n, acknowledged, crashed = 30, list[int](), threading.Event()
    instance.run(f"from tests.faults import crashes, scenes; asked = [scenes.submit_by_rest() for _ in range({n})]")
    send = "answer = [crashes.send(one)[0] for one in asked[{0}:{1}]]"
    try:
        acknowledged += instance.run(send.format(0, 5))
        assert set(acknowledged) == {200}

        def crash() -> None:
            private.stop()
            private.start()
            crashed.set()

        threading.Thread(target=crash).start()
        during = instance.run(send.format(5, n))  # some meet the crash
        assert set(during) <= {200, 503}
        eventually(crashed.is_set)
        instance.run("from django.db import connections; connections.close_all()")
        stored = "answer = [scenes.Review.objects.filter(project=one.project).count() for one in asked]"
        counts = instance.run(stored)
        assert all(count == 1 for count, status in zip(counts, acknowledged + during, strict=True) if status == 200)
        assert instance.run(send.format(0, n)) == [200] * n
        assert instance.run(stored) == [1] * n
        assert instance.call("tests.faults.crashes", "broken") == []
    finally:
        instance.close()
