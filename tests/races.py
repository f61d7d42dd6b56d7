"""Several hands at the same instant, each in a thread and on a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run all in threads that start together; an error in one is an error of the test."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            gate.wait(30)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(one, call) for call in calls]]


def outcomes_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The same where some are meant to be refused: each one's result, or its error."""

    def outcome(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            return error

    return at_once(*(lambda call=call: outcome(call) for call in calls))


def until_waited_for(seconds: float = 30) -> None:
    """Until somebody waits for a lock that this transaction holds. PostgreSQL only."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody came to wait for us")
