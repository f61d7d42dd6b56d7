"""What the client sends again, how long it waits, and what it gives up on. A small server stands in for a bad day."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from touchstone_client import Touchstone, TouchstoneError

EMPTY: dict[str, Any] = {"next": None, "previous": None, "results": []}
TAKEN = {"batch": 1, "accepted": 1, "repeated": 0, "filled": 0, "refused_total": 0, "refused": []}
Answer = tuple[int, dict[str, str], Any]  # a body of bytes is sent as it is; None ends the connection instead


class BadDay(ThreadingHTTPServer):
    """Gives the answers in turn, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: BadDay

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        status, headers, body = self.server.answers.pop(0)
        if body is None:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *words: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[BadDay]:
    server = BadDay()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def client(server: BadDay, naps: list[float]) -> Iterator[Touchstone]:
    with Touchstone(server.url + "/api/v1/", "tsk_secret", retries=3, sleep=naps.append) as client:
        yield client


def problem(status: int, code: str, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, {"code": code, "detail": "So."}


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_told(client: Touchstone, server: BadDay, naps: list[float], status: int) -> None:
    server.answers = [problem(status, "later", Retry_After="7"), (200, {}, EMPTY)]
    assert list(client.rows("votes")) == []
    assert naps == [7.0]


def test_it_understands_a_date(client: Touchstone, server: BadDay, naps: list[float]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server.answers = [problem(503, "later", Retry_After=later), (200, {}, EMPTY)]
    assert list(client.rows("votes")) == []
    assert 0 < naps[0] <= 30


def test_it_waits_longer_each_time_and_gives_up(client: Touchstone, server: BadDay, naps: list[float]) -> None:
    server.answers = [problem(503, "unavailable")] * 4
    with pytest.raises(TouchstoneError) as over:
        list(client.rows("votes"))
    assert (over.value.status, over.value.code, len(server.asked)) == (503, "unavailable", 4)
    assert [0.25 * 2**n <= nap <= 0.5 * 2**n for n, nap in enumerate(naps)] == [True] * 3


def test_a_wait_of_minutes_is_the_callers_to_decide(client: Touchstone, server: BadDay, naps: list[float]) -> None:
    server.answers = [problem(429, "too-many-requests", Retry_After="600")]
    with pytest.raises(TouchstoneError, match="429 too-many-requests"):
        list(client.rows("votes"))
    assert naps == []


def test_a_batch_that_is_sent_again_has_the_same_key(client: Touchstone, server: BadDay) -> None:
    in_flight = problem(409, "in-flight", Retry_After="1")
    server.answers = [(0, {}, None), problem(503, "unavailable"), in_flight, (200, {}, TAKEN), (200, {}, TAKEN)]
    assert client.ingest([{"output": "Yes."}] * 2, batch_rows=1).accepted == 2
    keys = [headers["Idempotency-Key"] for _, _, headers in server.asked]
    assert len(set(keys[:4])) == 1
    assert keys[4] != keys[0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422, 500])
def test_other_refusals_are_final(client: Touchstone, server: BadDay, naps: list[float], status: int) -> None:
    server.answers = [problem(status, "no")]
    with pytest.raises(TouchstoneError) as refused:
        client.claim("grounding")
    assert (refused.value.status, refused.value.code, naps) == (status, "no", [])


def test_an_answer_of_something_between_is_told_as_it_is(client: Touchstone, server: BadDay) -> None:
    server.answers = [(502, {}, b"<html>Bad gateway</html>")]
    with pytest.raises(TouchstoneError) as refused:
        client.claim("grounding")
    assert (refused.value.status, refused.value.code) == (502, "http")


def test_nobody_there_is_an_error_of_its_own(naps: list[float]) -> None:
    client = Touchstone("http://127.0.0.1:9", "tsk_secret", retries=1, sleep=naps.append)
    with client, pytest.raises(TouchstoneError) as nobody:
        list(client.rows("votes"))
    assert (nobody.value.status, nobody.value.code, len(naps)) == (0, "unreachable", 1)
    assert "tsk_secret" not in str(nobody.value)


def test_an_undo_without_an_answer_is_not_sent_again(client: Touchstone, server: BadDay) -> None:
    server.answers = [(0, {}, None)]
    with pytest.raises(TouchstoneError, match="unreachable"):
        client.undo("some-token")
    assert len(server.asked) == 1


def test_the_key_goes_nowhere_else(client: Touchstone, server: BadDay) -> None:
    """Neither where `next` points nor where a redirect leads."""
    elsewhere = {"next": "http://elsewhere.invalid/api/v1/votes/?cursor=abc%3D", "results": [{"review": 1}]}
    server.answers = [(200, {}, elsewhere), (302, {"Location": "http://elsewhere.invalid/"}, {})]
    rows = client.rows("votes", kind="comparison")
    assert next(rows) == {"review": 1}
    with pytest.raises(TouchstoneError, match="302"):
        next(rows)
    assert [path for _, path, _ in server.asked] == [
        "/api/v1/votes/?page_size=1000&kind=comparison", "/api/v1/votes/?cursor=abc%3D",
    ]  # fmt: skip


def test_a_connection_that_breaks_in_a_file_goes_on(client: Touchstone, server: BadDay, tmp_path: Path) -> None:
    data = b"0123456789" * 10
    digest = hashlib.sha256(data).hexdigest()
    export = {"id": 7, "state": "done", "n_bytes": 100, "sha256": digest, "error": "", "done": 1, "total": 1}
    cut: Callable[[int], Answer] = lambda at: (200, {"Content-Length": "100", "Connection": "close"}, data[:at])  # noqa: E731
    server.answers = [(200, {}, export), cut(40), problem(503, "unavailable"), (206, {}, data[40:])]
    assert client.download(7, tmp_path / "rows.jsonl").read_bytes() == data
    assert [headers.get("Range") for *_, headers in server.asked] == [None, None, "bytes=40-", "bytes=40-"]
