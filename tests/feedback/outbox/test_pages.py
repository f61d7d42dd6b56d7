"""The pages of webhooks: for admins, with the secret shown once, and every delivery explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.outbox import keeping
from feedback.outbox.models import Delivery, Endpoint, Event
from feedback.outbox.sending import SCHEDULE
from feedback.sealed import unseal
from tests import make, world
from tests.feedback.outbox.conftest import READY, Receiver, later, work

pytestmark = pytest.mark.once

URL = "https://hooks.example.org/touchstone"
LIST = "/p/travel/webhooks/"


@pytest.fixture
def browser(admin: Member) -> Any:
    return make.SignedIn(admin)


def secret_on(page: Any) -> str:
    found = re.search(r'id="secret"[^>]* value="(whsec_[^"]+)"', page.content.decode())
    assert found
    return found[1]


def test_a_webhook_is_added_and_its_secret_shown_once(browser: Any, admin: Member) -> None:
    assert b"No webhook yet" in browser.get(LIST).content
    page = browser.post(f"{LIST}new/", {"url": URL, "description": "Trainer", "types": [READY]})
    endpoint = Endpoint.objects.get()
    assert secret_on(page) == unseal(endpoint.sealed_secret)
    assert page["Cache-Control"] == "no-store"
    assert (endpoint.created_by, endpoint.types) == (admin, [READY])
    assert AuditEvent.objects.filter(verb="webhook-added", object_id=str(endpoint.pk)).exists()
    for address in (LIST, endpoint.get_absolute_url(), f"{endpoint.get_absolute_url()}change/"):
        text = browser.get(address).content.decode()
        assert "Trainer" in text
        assert secret_on(page) not in text


def test_what_cannot_be_accepted_is_explained(browser: Any) -> None:
    page = browser.post(f"{LIST}new/", {"url": "http://example.com/", "types": ["dataset.gone"]})
    assert page.status_code == 422
    assert b"must begin with https" in page.content
    assert b"dataset.gone is not one of the available choices" in page.content


def test_there_is_a_limit(browser: Any, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 1)
    world.endpoint(project)
    page = browser.post(f"{LIST}new/", {"url": URL, "types": [READY]})
    assert page.status_code == 422
    assert b"1 webhooks at most" in page.content


def test_changing_the_host_makes_a_new_secret(browser: Any, project: Project) -> None:
    endpoint = world.endpoint(project)
    same = {"url": "https://hooks.example.org/other", "description": "", "types": [READY]}
    assert browser.post(f"{endpoint.get_absolute_url()}change/", same).status_code == 303
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed_secret) == endpoint.secret
    page = browser.post(f"{endpoint.get_absolute_url()}change/", {**same, "url": "https://other.example.org/"})
    assert secret_on(page) != endpoint.secret
    endpoint.refresh_from_db()
    assert (unseal(endpoint.sealed_secret), endpoint.sealed_old_secret) == (secret_on(page), "")


def test_a_secret_is_replaced_after_a_question(browser: Any, project: Project) -> None:
    endpoint = world.endpoint(project)
    address = f"{endpoint.get_absolute_url()}secret/"
    assert b"Replace the secret?" in browser.get(address).content
    page = browser.post(address)
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed_secret) == secret_on(page) != endpoint.secret
    assert unseal(endpoint.sealed_old_secret) == endpoint.secret


def test_it_is_paused_switched_on_and_removed(browser: Any, project: Project) -> None:
    endpoint = world.delivery(project).endpoint
    address = endpoint.get_absolute_url()
    assert b"It is paused: events wait." in browser.post(f"{address}switch/", {"state": "paused"}, follow=True).content
    assert b"what waited is being sent" in browser.post(f"{address}switch/", {"state": "on"}, follow=True).content
    assert b"event waits for it now" in browser.get(f"{address}remove/").content
    assert b"The webhook is removed." in browser.post(f"{address}remove/", follow=True).content
    assert browser.get(address).status_code == 404
    assert browser.get(world.delivery(project).get_absolute_url()).status_code == 200
    assert browser.get(endpoint.deliveries.get().get_absolute_url()).status_code == 404


def test_a_test_is_sent_and_followed(browser: Any, endpoint: Endpoint, receiver: Receiver) -> None:
    answer = browser.post(f"{endpoint.get_absolute_url()}test/")
    assert b"Not tried yet" in browser.get(answer["Location"]).content
    work()
    assert receiver.verified(endpoint.secret)["type"] == "webhook.test"
    page = browser.get(answer["Location"]).content.decode()
    assert "Delivered" in page
    assert "&quot;type&quot;: &quot;webhook.test&quot;" in page


def test_no_test_goes_to_one_that_is_off(browser: Any, endpoint: Endpoint) -> None:
    endpoint.switch(Endpoint.State.PAUSED)
    page = browser.post(f"{endpoint.get_absolute_url()}test/", follow=True)
    assert b"Switch it on first" in page.content
    assert not Event.objects.exists()


def test_every_attempt_is_on_the_page(
    browser: Any, endpoint: Endpoint, receiver: Receiver, told: Callable[..., Event]
) -> None:
    delivery = told().deliveries.get()
    receiver.fail(500)
    work()
    later()
    page = browser.get(delivery.get_absolute_url()).content.decode()
    assert "It answered 500." in page
    work()
    page = browser.get(delivery.get_absolute_url()).content.decode()
    assert page.index("204</span>") < page.index("500</span>")


def given_up(delivery: Delivery, receiver: Receiver) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(tried=len(SCHEDULE) - 1)
    receiver.fail(500)
    work()
    delivery.endpoint.switch(Endpoint.State.ON)


def test_what_was_given_up_is_sent_again(
    browser: Any, endpoint: Endpoint, receiver: Receiver, told: Callable[..., Event]
) -> None:
    event = told()
    delivery = event.deliveries.get()
    given_up(delivery, receiver)
    address = endpoint.get_absolute_url()
    assert b"Given up" in browser.get(address, {"state": "failed"}).content
    page = browser.post(f"{address}again/", {"hours": "1"}, follow=True)
    assert b"1 event will be sent again" in page.content
    work()
    assert receiver.ids == [event.message_id] * 2
    assert b"Nothing was given up" in browser.post(f"{address}again/", {"hours": "1"}, follow=True).content
    page = browser.post(f"{delivery.get_absolute_url()}again/", follow=True)
    assert b"under the same id" in page.content
    page = browser.post(f"{delivery.get_absolute_url()}again/", follow=True)
    assert b"It is on its way already." in page.content


def test_deliveries_are_narrowed(browser: Any, endpoint: Endpoint, told: Callable[..., Event]) -> None:
    told("dataset/mine")
    told("dataset/older", type="dataset.version.superseded")
    address = endpoint.get_absolute_url()
    text = browser.get(address, {"type": READY}).content.decode()
    assert ("dataset/mine" in text, "dataset/older" in text) == (True, False)
    assert b"No delivery fits" in browser.get(address, {"state": "done"}).content
    assert browser.get(address, {"state": "odd"}).status_code == 422
    fragment = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith('<div id="deliveries"')


def test_others_may_not(curator: Member, outsider: Member, project: Project) -> None:
    endpoint = world.endpoint(project)
    for who, status in ((curator, 403), (outsider, 404)):
        browser = make.SignedIn(who)
        assert browser.get(LIST).status_code == status
        assert browser.post(f"{endpoint.get_absolute_url()}test/").status_code == status


def test_another_projects_rows_are_not_there(browser: Any, other_project: Project) -> None:
    delivery = world.delivery(other_project)
    for route, pk in (("endpoint-detail", delivery.endpoint_id), ("delivery-detail", delivery.pk)):
        assert browser.get(reverse(f"outbox:{route}", args=["travel", pk])).status_code == 404


def test_the_pages_ask_the_database_little(
    browser: Any, project: Project, told: Callable[..., Event], django_assert_max_num_queries: Any
) -> None:
    endpoints = [world.endpoint(project) for _ in range(3)]
    for number in range(20):
        told(f"dataset/{number}")
    browser.get(LIST)
    with django_assert_max_num_queries(6):
        browser.get(LIST)
    with django_assert_max_num_queries(6):
        browser.get(endpoints[0].get_absolute_url())
    with django_assert_max_num_queries(5):
        browser.get(endpoints[0].deliveries.latest("pk").get_absolute_url())


def test_a_page_of_deliveries_leads_to_the_next(
    browser: Any, endpoint: Endpoint, told: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.outbox.views.PAGE", 2)
    for number in range(3):
        told(f"dataset/number-{number}")
    address = endpoint.get_absolute_url()
    following = re.search(r'rel="next" href="([^"]+)"', browser.get(address).content.decode())
    assert following
    text = browser.get(address + following[1]).content.decode()
    assert ("number-0" in text, "number-1" in text) == (True, False)
