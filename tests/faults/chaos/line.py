"""A client's line to the instance: keep-alive HTTP that sends an operation again until somebody answers it."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.faults.chaos.history import History, Op

TIMEOUT = 4.0  # seconds that a client waits for an answer; longer than a lease of the queues
TROUBLES = (OSError, http.client.HTTPException)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def data(self) -> dict[str, Any]:
        """Its JSON object, {} where there is none."""
        kind = self.headers.get("content-type", "")
        found = json.loads(self.body) if kind.startswith(("application/json", "application/problem+json")) else {}
        return found if isinstance(found, dict) else {"list": found}

    @property
    def is_trouble(self) -> bool:
        """Nobody has decided anything: ask again."""
        return self.status >= 500 or self.status == 429 or (self.status == 409 and self.data.get("code") == "in-flight")


class Line:
    """One connection at a time, opened again after a trouble. With a key it is a program's, else a browser's."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port, self.key = port, key
        self.cookies: dict[str, str] = {}
        self.connection: http.client.HTTPConnection | None = None

    def headers(self) -> dict[str, str]:
        if self.key:
            return {"Authorization": f"Bearer {self.key}", "X-Forwarded-Proto": "https"}
        headers = {"X-Forwarded-Proto": "https", "Origin": f"https://127.0.0.1:{self.port}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers["X-CSRFToken"] = self.cookies.get("__Host-csrf", "")
        return headers

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send once. Raises one of TROUBLES when no whole answer came; nobody may be signed out by a fault."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            self.connection.request(method, path, body, {**self.headers(), **(headers or {})})
            response = self.connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except TROUBLES:
            self.close()
            raise
        assert "/accounts/login" not in answer.headers.get("hx-redirect", "") + answer.headers.get("location", ""), path
        for name, value in re.findall(r"^(\S+?)=([^;]*)", "\n".join(response.msg.get_all("Set-Cookie", [])), re.M):
            self.cookies[name] = value
        return answer

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@dataclass(frozen=True)
class Request:
    line: Line
    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """What all clients of a run share."""

    port: int
    world: dict[str, Any]
    history: History
    over: threading.Event = field(default_factory=threading.Event)  # begin nothing new
    give_up: threading.Event = field(default_factory=threading.Event)  # send nothing again


class Client(threading.Thread):
    """Works until the run is over. What it does first is drawn from the seed."""

    pause = (0.0, 0.15)

    def __init__(self, run: Run, name: str, seed: str) -> None:
        super().__init__(name=name, daemon=True)
        self.shared, self.random = run, random.Random(f"{seed} {name}")
        self.rest = Line(run.port, run.world["keys"].get(name, ""))
        self.pages = Line(run.port)
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.shared.over.is_set():
                self.turn()
                time.sleep(self.random.uniform(*self.pause))
        except BaseException as error:  # told by the run, which joins us
            self.failure = error
            raise
        finally:
            self.rest.close()
            self.pages.close()

    def turn(self) -> None:
        raise NotImplementedError

    def new_key(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def wait(self, low: float, high: float) -> None:
        self.shared.over.wait(self.random.uniform(low, high))

    def sign_in(self, link: str = "") -> None:
        """By a link that opens once, while nothing fails."""
        path = urlsplit(self.shared.world["links"][link or self.name]).path
        self.pages.ask("GET", path)
        answer = self.pages.ask("POST", path, b"")
        assert answer.status == 302, f"{self.name} was not signed in: {answer.status}"

    def page(self, path: str) -> str:
        return f"/p/{self.shared.world['project']}/{path}"

    def send(
        self, kind: str, method: str, path: str, body: Any = None, *, key: str = "", sent: dict[str, Any] | None = None
    ) -> tuple[Op, Answer | None]:
        """An operation through the API, sent again under its key until it is answered. Bytes are lines."""
        headers = {"Content-Type": "application/x-ndjson" if isinstance(body, bytes) else "application/json"}
        if key and method == "POST":
            headers["Idempotency-Key"] = key
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        op = Op(self.name, kind, key, sent=sent or {})
        return op, self.carry_out(op, Request(self.rest, method, f"/api/v1/{path}", data, headers))

    def post(
        self, kind: str, path: str, fields: Any, *, key: str = "", sent: dict[str, Any] | None = None,
        htmx: bool = False, repeats: bool = True,
    ) -> tuple[Op, Answer | None]:  # fmt: skip
        """An operation as a browser does it: a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if htmx:
            headers["HX-Request"] = "true"
        data, op = urlencode(fields, doseq=True).encode(), Op(self.name, kind, key, sent=sent or {})
        return op, self.carry_out(op, Request(self.pages, "POST", self.page(path), data, headers), repeats=repeats)

    def look(self, path: str) -> Answer | None:
        """Read a page; None when the run ended first."""
        return self.carry_out(Op(self.name, "read", ""), Request(self.pages, "GET", self.page(path)))

    def read(self, path: str) -> Answer | None:
        return self.send("read", "GET", path)[1]

    def carry_out(self, op: Op, request: Request, *, repeats: bool = True) -> Answer | None:
        """Send it until it is answered, then write it down."""
        op.began = self.shared.history.now()
        answer = None
        while answer is None:
            op.attempts += 1
            try:
                found = request.line.ask(request.method, request.path, request.body, request.headers)
            except TROUBLES as error:
                op.troubles.append(type(error).__name__)
            else:
                if found.is_trouble:
                    op.troubles.append(str(found.status))
                else:
                    answer = found
            if answer is None:
                if not repeats or self.shared.give_up.is_set():
                    break
                time.sleep(self.random.uniform(0.05, 0.4))
        op.ended = self.shared.history.now()
        if answer is not None:
            op.status, op.answer = answer.status, told(answer)
        self.shared.history.add(op)
        return answer


TOLD = (
    "token", "state", "code", "id", "result", "external_id", "accepted", "repeated", "filled", "refused_total",
    "refused", "sha256", "n_rows", "detail",
)  # fmt: skip


def told(answer: Answer) -> dict[str, Any]:
    """What of an answer is worth keeping: no texts, no pages; of a file its hashes, counted and promised."""
    if "x-checksum-sha256" in answer.headers:
        return {"sha256": hashlib.sha256(answer.body).hexdigest(), "promised": answer.headers["x-checksum-sha256"]}
    data = answer.data
    kept = {name: data[name] for name in TOLD if name in data}
    if isinstance(data.get("item"), dict):
        kept["item"] = data["item"]["id"]
    return kept
