"""Where a process may die: before each statement, before and after each commit, and after the answer is written.

A request or a job passes the same points in every run, so that a test visits all of them, one after the other, without
a sleep.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections


def kill() -> None:
    """The process dies here, without a chance to do anything more."""
    os.kill(os.getpid(), signal.SIGKILL)


def cut() -> None:
    """The database ends our connection; returns when it is gone."""
    import psycopg

    if connection.connection is None:
        return
    words = connections["default"].get_connection_params()
    names = {name: words[name] for name in ("host", "port", "user", "password", "dbname") if name in words}
    with psycopg.connect(autocommit=True, **names) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [connection.connection.info.backend_pid])


def hold() -> None:
    """Wait here, with whatever is open, until the test lets go."""
    folder = Path(os.environ["VAR_DIR"])
    (folder / "held").touch()
    while not (folder / "let-go").exists():
        time.sleep(0.01)


HAPPENINGS = {"kill": kill, "cut": cut, "hold": hold}


class Points:
    """Counts the points passed. At the `fatal`-th, counted from 1, something happens."""

    def __init__(self, fatal: int = 0, happens: str = "kill") -> None:
        self.fatal, self.happens = fatal, HAPPENINGS[happens]
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.fatal:
            self.happens()

    @contextmanager
    def armed(self) -> Iterator[None]:
        """While this thread's connection works inside the block."""
        database: Any = connections["default"]
        commit = database._commit

        def committed() -> None:
            self.reach("before commit")
            commit()
            self.reach("after commit")

        database._commit = committed
        try:
            with connection.execute_wrapper(self.statement):
                yield
        finally:
            del database._commit

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.reach(str(sql).strip()[:60])
        return execute(sql, params, many, context)
