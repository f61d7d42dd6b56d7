"""Addresses that people write for webhooks (SSRF): what is refused at once, and what is refused when it is sent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member, Project
from feedback.outbox.address import is_same_place, refusal
from feedback.outbox.models import Delivery, Endpoint, Event
from tests import make
from tests.feedback.outbox.conftest import READY, work
from tests.feedback.test_egress import INSIDE, Listener

pytestmark = pytest.mark.once


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


OTHER = [
    "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "javascript:alert(1)",
    "//example.com/", "example.com", "https://", "https://user:secret@example.com/", "https://example.com:22/",
    "https://example.com:8443/", "https://example.com\\@127.0.0.1/", "https://exam ple.com/", "https://[::1",
    "https://example.com/\r\nX-Injected: 1", "https://example.com/#part", "http://example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", [f"https://{host}/hook" for host in INSIDE] + OTHER)
def test_a_form_and_a_program_are_refused(url: str, admin: Member) -> None:
    browser = make.SignedIn(admin)
    page = browser.post("/p/travel/webhooks/new/", {"url": url, "types": [READY]})
    secret = make.api_key(admin.project, "webhooks:manage")
    answer = browser.post("/api/v1/webhooks/", {"url": url, "types": [READY]}, "application/json",
                          headers={"Authorization": f"Bearer {secret}"})  # fmt: skip
    assert (page.status_code, answer.status_code) == (422, 400)
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("host", INSIDE)
def test_whatever_is_stored_nothing_inside_is_opened(
    host: str, project: Project, listener: Listener, told: Callable[..., Event]
) -> None:
    """As if a check had been forgotten, or the row had been written by other means."""
    for port in ("", f":{listener.port}"):
        Endpoint.add(project, f"http://{host}{port}/", [READY])
    told()
    work()
    assert listener.connections == 0
    assert {attempt["status"] for row in Delivery.objects.all() for attempt in row.attempts} == {None}


def test_a_name_is_looked_up_whenever_something_is_sent(
    project: Project, listener: Listener, told: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that led outside when it was saved, and leads inside now."""
    url = "https://hooks.example.org/hook"
    assert refusal(url) == ""
    Endpoint.add(project, url, [READY])

    def inside(host: str, port: int, **options: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", listener.port))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    told()
    work()
    assert listener.connections == 0
    assert Delivery.objects.get().error == "The host has an address that is not on the open internet."


def test_an_operator_opens_one_place_inside_and_no_other(settings: Settings) -> None:
    settings.EGRESS_ALLOW = ["trainer.internal:8080"]
    assert refusal("http://trainer.internal:8080/hook") == ""
    assert refusal("http://trainer.internal:8081/hook") != ""
    assert refusal("http://trainer.internal/hook") != ""


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        ("https://a.example/other", True), ("https://A.example/hook", True), ("https://b.example/hook", False),
        ("https://a.example:443/hook", False), ("http://a.example/hook", False),
    ],
)  # fmt: skip
def test_another_host_is_another_receiver(new: str, wanted: bool) -> None:
    assert is_same_place("https://a.example/hook", new) is wanted
