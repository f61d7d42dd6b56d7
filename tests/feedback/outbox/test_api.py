"""Webhooks over REST."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback.accounts.models import IdempotencyKey, Project
from feedback.outbox.models import Delivery, Endpoint, Event
from feedback.sealed import unseal
from tests import make, world
from tests.feedback.outbox.conftest import READY, Receiver, work

URL = "https://hooks.example.org/touchstone"
API = "/api/v1/"


class Program:
    def __init__(self, project: Project, scope: str = "webhooks:manage") -> None:
        self.client, self.headers = Client(), {"Authorization": f"Bearer {make.api_key(project, scope)}"}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        about: dict[str, Any] = {"headers": {**self.headers, **headers}}
        if body is not None:
            about |= {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(API + path, **about)


@pytest.fixture
def ask(project: Project) -> Program:
    return Program(project)


def test_a_webhook_lives(ask: Program) -> None:
    answer = ask("post", "webhooks/", {"url": URL, "types": [READY, READY]})
    made = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/webhooks/{made['id']}/")
    endpoint = Endpoint.objects.get()
    assert made["secret"] == unseal(endpoint.sealed_secret)
    assert made["types"] == [READY]
    read = ask("get", f"webhooks/{made['id']}/").json()
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert ask("get", "webhooks/").json()["results"] == [read]
    changed = ask("patch", f"webhooks/{made['id']}/", {"state": "paused", "description": "For now"}).json()
    assert (changed["state"], changed["description"], changed["url"], changed["secret"]) == (
        "paused",
        "For now",
        URL,
        "",
    )
    turned = ask("post", f"webhooks/{made['id']}/rotate/").json()
    assert turned["secret"] not in {"", made["secret"]}
    moved = ask("patch", f"webhooks/{made['id']}/", {"url": "https://other.example.org/"}).json()
    assert moved["secret"] not in {"", turned["secret"]}
    assert ask("delete", f"webhooks/{made['id']}/").status_code == 204
    assert ask("get", f"webhooks/{made['id']}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"url": URL}, {"url": URL, "types": []}, {"url": URL, "types": ["x"]}, {"url": "", "types": [READY]},
     {"url": 3, "types": [READY]}],
)  # fmt: skip
def test_what_cannot_be_accepted_is_refused(ask: Program, body: Any) -> None:
    assert ask("post", "webhooks/", body).status_code == 400
    assert (
        ask("patch", f"webhooks/{world.endpoint(Project.objects.get()).pk}/", {"state": "removed"}).status_code == 400
    )


def test_the_same_key_gets_the_same_secret_which_is_kept_nowhere_in_clear(ask: Program) -> None:
    first, again = (ask("post", "webhooks/", {"url": URL, "types": [READY]}, **{"Idempotency-Key": "k"}).json()
                    for _ in range(2))  # fmt: skip
    assert first == again
    assert Endpoint.objects.count() == 1
    assert first["secret"] not in IdempotencyKey.objects.get().body


def test_deliveries_are_read_and_sent_again(
    ask: Program, endpoint: Endpoint, receiver: Receiver, told: Callable[..., Event]
) -> None:
    event = told()
    receiver.fail(500)
    work()
    (row,) = ask("get", f"webhook-deliveries/?webhook={endpoint.pk}&state=queued").json()["results"]
    assert (row["event"]["message_id"], row["attempts"][0]["status"]) == (event.message_id, 500)
    assert row["next_at"] > timezone.now().isoformat()
    Delivery.objects.update(state="failed", lease_until=None)
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    Endpoint.objects.update(rests_until=None)
    assert ask("post", f"webhooks/{endpoint.pk}/replay/", {"since": since}).json() == {"deliveries": 1}
    work()
    assert ask("get", f"webhook-deliveries/{row['id']}/").json()["state"] == "done"
    assert ask("post", f"webhook-deliveries/{row['id']}/replay/").json()["state"] == "queued"
    assert ask("get", "webhook-events/?about=dataset/answers").json()["results"][0]["id"] == event.pk
    assert ask("get", "webhook-events/?about=dataset/other").json()["results"] == []


def test_a_test_is_sent(ask: Program, endpoint: Endpoint) -> None:
    answer = ask("post", f"webhooks/{endpoint.pk}/test/")
    assert answer.status_code == 202
    assert ask("get", answer["Location"].removeprefix(API)).json()["event"]["type"] == "webhook.test"
    endpoint.switch(Endpoint.State.PAUSED)
    refused = ask("post", f"webhooks/{endpoint.pk}/test/")
    assert (refused.status_code, refused.json()["code"]) == (409, "switched-off")


def test_other_scopes_and_other_projects(project: Project, other_project: Project) -> None:
    delivery = world.delivery(project)
    assert Program(project, "datasets:write")("get", "webhooks/").status_code == 403
    foreign = Program(other_project)
    for method, path in (
        ("get", f"webhooks/{delivery.endpoint_id}/"), ("delete", f"webhooks/{delivery.endpoint_id}/"),
        ("post", f"webhooks/{delivery.endpoint_id}/rotate/"), ("get", f"webhook-deliveries/{delivery.pk}/"),
        ("post", f"webhook-deliveries/{delivery.pk}/replay/"),
    ):  # fmt: skip
        assert foreign(method, path).status_code == 404
    assert foreign("get", f"webhook-deliveries/?webhook={delivery.endpoint_id}").json()["results"] == []
