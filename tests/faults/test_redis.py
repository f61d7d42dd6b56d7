"""Without Redis people go on reviewing and programs go on sending: nothing they ask for needs it (F6)."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from feedback.accounts.rates import QUIET_SECONDS
from tests.faults.instance import Instance, Redis

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]

SCENES = ("submit_by_page", "submit_by_rest", "claim_by_page", "claim_by_rest", "ingest_one", "ingest_stream")


def emptied(redis: Redis) -> None:
    with socket.create_connection(("127.0.0.1", redis.port)) as wire:
        wire.sendall(b"FLUSHALL\r\n")
        assert wire.recv(100) == b"+OK\r\n"


FAULTS: dict[str, Callable[[Redis], Any]] = {
    "stopped": Redis.stop,
    "paused": lambda redis: redis.process.send_signal(signal.SIGSTOP),
    "emptied": emptied,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_people_and_programs_go_on_without_redis(fragile_web: Any, redis: Redis, fault: str) -> None:
    instance: Instance = fragile_web(redis.url)
    assert max(instance.call("tests.faults.crashes", "plainly", *SCENES)) < 400
    FAULTS[fault](redis)
    assert max(instance.call("tests.faults.crashes", "plainly", *SCENES)) < 400
    assert instance.call("tests.faults.crashes", "broken") == []


class Silent:
    """Takes connections like a Redis that hangs, says nothing, and counts them."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"
        self.taken: list[socket.socket] = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self) -> None:
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.listener.close()


def test_nobody_waits_for_a_redis_that_others_have_waited_for(fragile_web: Any, silent: Silent) -> None:
    """A wait ends after the socket's time limit, then nobody waits for a while: few connections, many answers."""
    instance: Instance = fragile_web(silent.url)
    started, before = time.monotonic(), len(silent.taken)
    assert max(instance.call("tests.faults.crashes", "plainly", *["submit_by_rest"] * 20)) < 400
    quiet_times = 1 + (time.monotonic() - started) / QUIET_SECONDS
    assert 1 <= len(silent.taken) - before <= 2 * quiet_times
    assert "rate limits are off" in instance.logs()
