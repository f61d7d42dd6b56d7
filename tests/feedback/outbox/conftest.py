"""A receiver that is a real HTTP server on loopback, which the operator has opened, and endpoints that lead to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.urls import resolve
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from feedback import jobs
from feedback.accounts.models import Project
from feedback.outbox.catalogue import TYPES
from feedback.outbox.emit import emit
from feedback.outbox.models import Delivery, Endpoint, Event

DATA = {"dataset": "answers", "number": 1, "version": 1, "api": "https://touchstone.example/"}
READY, SUPERSEDED = "dataset.version.ready", "dataset.version.superseded"


BREAK, HANG = 0, 1  # in place of a status: the connection ends without an answer, or there is none


class Receiver:
    """Keeps every request; answers with the next of `answers` (status and headers), else 204."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.body = b""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handler(receiver) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                if status == HANG:
                    receiver.let_go.wait(60)
                if status in {BREAK, HANG}:
                    return
                self.send_response(status)
                for name, value in {"Content-Length": str(len(receiver.body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *args: Any) -> None:
                """Silent."""

        return Handler

    def fail(self, *statuses: int, **headers: str) -> None:
        self.answers += [(status, {name.replace("_", "-"): value for name, value in headers.items()})
                         for status in statuses]  # fmt: skip

    def verified(self, secret: str, number: int = -1) -> Any:
        """What a receiver reads, by the library that receivers use."""
        headers, body = self.requests[number]
        return Webhook(secret).verify(body, headers)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    server = Receiver()
    settings.EGRESS_ALLOW = [f"127.0.0.1:{server.port}"]
    yield server
    server.let_go.set()
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def endpoint(project: Project, receiver: Receiver) -> Endpoint:
    return Endpoint.add(project, receiver.url, [READY, SUPERSEDED], "Trainer")


@pytest.fixture
def told(project: Project) -> Callable[..., Event]:
    def tell(about: str = "dataset/answers", type: str = READY, of: Project = project, **data: Any) -> Event:
        with transaction.atomic():
            emit(of.pk, type, about, {**DATA, **data})
        return Event.objects.latest("pk")

    return tell


def work() -> int:
    """What a worker does: take what is due, until nothing is; how often it took something."""
    count = 0
    while delivery := Delivery.objects.claimable().order_by("pk").first():
        jobs.run(Delivery, delivery.pk)
        count += 1
        assert count < 200
    return count


def later(time: timedelta = timedelta(days=1)) -> None:
    """So much time passes, for deliveries that wait and endpoints that rest."""
    for delivery in Delivery.objects.exclude(lease_until=None):
        assert delivery.lease_until is not None
        Delivery.objects.filter(pk=delivery.pk).update(lease_until=delivery.lease_until - time)
    for endpoint in Endpoint.objects.exclude(rests_until=None):
        assert endpoint.rests_until is not None
        Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=endpoint.rests_until - time)


def pause_of(delivery: Delivery) -> float:
    """Seconds until it is tried again, by the database's clock."""
    row = Delivery.objects.annotate(now=Now()).get(pk=delivery.pk)
    assert row.lease_until is not None
    return float((row.lease_until - row.now).total_seconds())


def fits(event: Event) -> None:
    """Its data have the keys and the types of the catalogue's example, its address leads somewhere, and it is thin."""
    example = TYPES[event.type].data
    assert set(event.data) == set(example)
    known = [name for name, value in event.data.items() if value is not None]
    assert {name: type(event.data[name]) for name in known} == {name: type(example[name]) for name in known}
    if "api" in event.data:
        assert resolve(urlsplit(event.data["api"]).path).namespace == "api"
    assert len(json.dumps(event.body)) < 2_000
