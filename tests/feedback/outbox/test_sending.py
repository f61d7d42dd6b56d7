"""Deliveries, seen by a receiver: signed, in order, again and again when it does not take them, never lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.outbox import sending
from feedback.outbox.emit import emit
from feedback.outbox.models import OVERLAP, Delivery, Endpoint, Event
from feedback.outbox.sending import SCHEDULE, SPREAD
from tests import make
from tests.feedback.outbox.conftest import BREAK, DATA, HANG, READY, Receiver, later, pause_of, work

Tell = Callable[..., Event]
State = Endpoint.State


class Rollback(Exception):
    """On purpose."""


def test_a_receiver_can_check_the_signature(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    event = told(version=7)
    assert work() == 1
    body = receiver.verified(endpoint.secret)
    assert (body["type"], body["data"]["version"], body["data"]["sequence"]) == (READY, 7, event.pk)
    headers, _ = receiver.requests[0]
    assert headers["webhook-id"] == event.message_id
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        receiver.verified("whsec_" + "A" * 43 + "=")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts[0]["status"], delivery.error) == ("done", 204, "")


def test_what_is_rolled_back_was_never_told(endpoint: Endpoint, project: Project) -> None:
    with suppress(Rollback), transaction.atomic():
        emit(project.pk, READY, "dataset/answers", DATA)
        assert Event.objects.count() == 1
        raise Rollback
    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


def test_nobody_wants_it_and_nothing_is_written(project: Project, receiver: Receiver, told_nothing: None) -> None:
    Endpoint.add(project, receiver.url, ["verdict.settled"])
    with transaction.atomic():
        emit(project.pk, READY, "dataset/answers", DATA)
    assert Event.objects.count() == 0


@pytest.fixture
def told_nothing(project: Project, django_assert_num_queries: Any) -> None:
    """Where there is no endpoint, telling costs one statement."""
    with transaction.atomic(), django_assert_num_queries(1):
        emit(project.pk, READY, "dataset/answers", DATA)


def test_an_unknown_type_is_an_error_of_ours(project: Project) -> None:
    with pytest.raises(ValueError, match="not in the catalogue"):
        emit(project.pk, "dataset.version.raedy", "dataset/answers", DATA)


def test_events_about_the_same_thing_wait_for_one_another(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    first, other, second = told("dataset/a"), told("dataset/b"), told("dataset/a")
    receiver.fail(500)
    jobs.run(Delivery, first.deliveries.get().pk)
    later(timedelta(seconds=2))  # the endpoint has rested, the delivery waits
    assert work() == 1
    assert receiver.ids == [first.message_id, other.message_id]
    later(timedelta(minutes=1))
    assert work() == 2
    assert receiver.ids[2:] == [first.message_id, second.message_id]


def test_one_that_was_given_up_no_longer_holds_others_up(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    Delivery.objects.filter(pk=told("dataset/a").deliveries.get().pk).update(tried=len(SCHEDULE) - 1)
    told("dataset/c")
    second = told("dataset/a")
    receiver.fail(204, 500)
    jobs.run(Delivery, Delivery.objects.get(about="dataset/c").pk)
    assert work() == 1
    later(timedelta(minutes=1))
    assert work() == 1
    assert receiver.ids[-1] == second.message_id


def test_it_is_tried_over_days_with_growing_pauses(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    event = told()
    receiver.fail(*[500] * 20)
    delivery = event.deliveries.get()
    for wanted in SCHEDULE[1:]:
        assert work() == 1
        assert wanted - 1 <= pause_of(delivery) <= wanted * (1 + SPREAD)
        later(timedelta(seconds=wanted * (1 + SPREAD)))
    assert work() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tried) == ("failed", len(SCHEDULE))
    assert delivery.error == "Given up after 10 attempts. It answered 500."
    assert set(receiver.ids) == {event.message_id}
    assert len({body for _, body in receiver.requests}) == 1
    assert work() == 0


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("90", 90),
        ("1", 5),
        ("999999", 24 * 3600),
        ("soon", 5),
        ("-3", 5),
        ("", 5),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 5),
    ],
)
def test_it_comes_back_when_it_was_asked_to(
    header: str, wanted: float, endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    receiver.fail(429, Retry_After=header)
    delivery = told().deliveries.get()
    assert work() == 1
    assert wanted - 1 <= pause_of(delivery) <= max(wanted, 6)


def test_a_date_is_understood_too() -> None:
    in_an_hour = timezone.now() + timedelta(hours=1)
    assert 3500 < sending.seconds_of(format_datetime(in_an_hour, usegmt=True)) <= 3600


def test_gone_switches_the_endpoint_off_and_loses_nothing(
    admin: Member, endpoint: Endpoint, receiver: Receiver, told: Tell, django_capture_on_commit_callbacks: Any
) -> None:
    first = told()
    receiver.fail(410)
    with django_capture_on_commit_callbacks(execute=True):
        assert work() == 1
    second = told()
    later()
    assert work() == 0
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.reason) == (State.DISABLED, "It answered 410: it wants to hear nothing more.")
    assert AuditEvent.objects.filter(verb="webhook-switched-off", object_id=str(endpoint.pk)).exists()
    assert admin.user is not None
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        ([admin.user.email], "A webhook of Travel was switched off")
    ]
    assert endpoint.switch(State.ON)
    assert work() == 2
    assert receiver.ids == [first.message_id, first.message_id, second.message_id]


def test_days_without_an_answer_switch_it_off(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    receiver.fail(*[503] * 10)
    told()
    for _ in SCHEDULE:
        assert work() == 1
        later(timedelta(days=2))
    endpoint.refresh_from_db()
    assert endpoint.state == State.DISABLED
    assert endpoint.reason.startswith("It took nothing in 10 attempts over days.")


def test_one_event_that_it_cannot_take_does_not_switch_it_off(
    endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    bad = told("dataset/bad").deliveries.get()
    receiver.fail(400)
    assert work() == 1
    told("dataset/good")
    Delivery.objects.filter(pk=bad.pk).update(tried=len(SCHEDULE) - 1)
    later(timedelta(seconds=2))
    assert work() == 1
    receiver.fail(400)
    later()
    assert work() == 1
    bad.refresh_from_db()
    endpoint.refresh_from_db()
    assert (bad.state, endpoint.state) == ("failed", State.ON)


def test_an_endpoint_that_hangs_is_left_alone_for_a_while(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    """One that does not answer must not hold every worker for every event."""
    for number in range(5):
        told(f"dataset/{number}")
    receiver.fail(*[500] * 3)
    for rest in (1, 2, 4):
        assert work() == 1  # of five that are due
        later(timedelta(seconds=rest))
    assert work() == 4  # the two that were never tried, and those of which five seconds have passed
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.rests_until) == (0, None, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_it_does_not_follow(status: int, endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    receiver.fail(status, Location=receiver.url)
    told()
    work()
    assert len(receiver.requests) == 1
    assert Delivery.objects.get().error == f"It answered {status}, which leads elsewhere; that is not followed."


def test_what_it_answers_is_kept_nowhere(
    endpoint: Endpoint, receiver: Receiver, told: Tell, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.body = b"zq answer"
    receiver.fail(500, X_Note="zq header")
    told()
    with caplog.at_level(logging.DEBUG):
        work()
    row = json.dumps(Delivery.objects.values().get(), default=str)
    assert "zq" not in row + caplog.text
    assert endpoint.secret not in row + caplog.text
    assert set(Delivery.objects.get().attempts[0]) == {"at", "ms", "status", "error"}


def test_a_huge_answer_is_left_unread(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    receiver.body = b"x" * 20_000_000
    receiver.fail(200)
    told()
    work()
    assert Delivery.objects.get().state == "done"


@pytest.mark.parametrize("how", [BREAK, HANG])
def test_one_that_takes_it_and_never_answers_hears_it_again_under_the_same_id(
    endpoint: Endpoint, receiver: Receiver, told: Tell, monkeypatch: pytest.MonkeyPatch, how: int
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.5)
    event = told()
    receiver.fail(how)
    assert work() == 1
    delivery = event.deliveries.get()
    assert (delivery.state, delivery.attempts[0]["status"]) == ("queued", None)
    assert delivery.error
    later()
    assert work() == 1
    assert receiver.ids == [event.message_id] * 2
    delivery.refresh_from_db()
    assert (delivery.state, len(delivery.attempts)) == ("done", 2)


def test_nobody_listens(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    told()
    assert work() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts[0]["status"]) == ("queued", None)
    assert delivery.error == "The connection failed (ConnectError)."


def test_a_worker_that_dies_after_the_answer_sends_it_again_under_the_same_id(
    endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    event = told()
    delivery = event.deliveries.get()
    assert jobs.claim(Delivery, delivery.pk) == 1
    sending.prepare(Delivery.objects.get(pk=delivery.pk))  # and then it is killed
    assert work() == 0
    later(jobs.lease())
    assert work() == 1
    assert receiver.ids == [event.message_id] * 2
    delivery.refresh_from_db()
    assert (delivery.state, len(delivery.attempts)) == ("done", 1)


def test_one_that_wakes_up_late_writes_nothing(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    delivery = told().deliveries.get()
    first = jobs.claim(Delivery, delivery.pk)
    assert first
    later(jobs.lease())
    work()
    assert jobs.run_chunk(Delivery, delivery.pk, first) is False
    delivery.refresh_from_db()
    assert (delivery.state, len(delivery.attempts), len(receiver.requests)) == ("done", 1, 1)


def test_while_a_secret_is_replaced_both_signatures_are_sent(
    endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    old = endpoint.secret
    with transaction.atomic():
        new = endpoint.rotate()
    told()
    work()
    assert receiver.verified(old)
    assert receiver.verified(new)
    Endpoint.objects.update(overlap_until=timezone.now() - OVERLAP)
    told()
    work()
    assert receiver.verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.verified(old)


def test_a_secret_that_cannot_be_read_switches_it_off(
    endpoint: Endpoint, receiver: Receiver, told: Tell, settings: Settings
) -> None:
    told()
    settings.SECRET_KEY = "n" * 50
    assert work() == 1
    endpoint.refresh_from_db()
    assert endpoint.state == State.DISABLED
    assert "another SECRET_KEY" in endpoint.reason
    assert receiver.requests == []


def test_paused_it_hears_later_what_happened_meanwhile(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    assert endpoint.switch(State.PAUSED)
    events = [told(), told()]
    assert work() == 0
    assert endpoint.switch(State.ON)
    assert work() == 2
    assert receiver.ids == [event.message_id for event in events]


def test_paused_between_the_claim_and_the_request_nothing_is_sent(
    endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    delivery = told().deliveries.get()
    attempt = jobs.claim(Delivery, delivery.pk)
    endpoint.switch(State.PAUSED)
    assert jobs.run_chunk(Delivery, delivery.pk, attempt or 0) is False
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tried, receiver.requests) == ("queued", 0, [])


def test_a_removed_one_hears_nothing_and_its_secret_is_gone(endpoint: Endpoint, receiver: Receiver, told: Tell) -> None:
    told()
    endpoint.switch(State.REMOVED)
    assert work() == 0
    assert (endpoint.sealed_secret, endpoint.switch(State.ON)) == ("", False)


def test_in_an_archived_project_it_waits(endpoint: Endpoint, receiver: Receiver, told: Tell, project: Project) -> None:
    told()
    project.archive()
    assert work() == 0
    project.restore()
    assert work() == 1


def test_sent_again_it_has_the_same_id_and_the_whole_schedule(
    endpoint: Endpoint, receiver: Receiver, told: Tell
) -> None:
    delivery = told().deliveries.get()
    assert delivery.send_again() is False  # it is on its way
    work()
    assert delivery.send_again() is True
    work()
    delivery.refresh_from_db()
    assert len(set(receiver.ids)) == 1
    assert (len(receiver.ids), delivery.tried, delivery.replays, len(delivery.attempts)) == (2, 1, 1, 2)


def test_endpoints_of_another_project_hear_nothing(
    endpoint: Endpoint, receiver: Receiver, told: Tell, other_project: Project
) -> None:
    foreign = Endpoint.add(other_project, receiver.url, [READY])
    told()
    told(of=other_project)
    assert [list(one.deliveries.values_list("event__project", flat=True)) for one in (endpoint, foreign)] == [
        [endpoint.project_id],
        [foreign.project_id],
    ]
    work()
    assert Webhook(foreign.secret).verify(receiver.requests[1][1], receiver.requests[1][0])
    assert make.project().deliveries.count() == 0
