"""The daily mail: off by default, once a day at most, quiet without news, ended by one press."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project, User
from feedback.audit.models import AuditEvent
from reviews.digests.models import DigestDay, DigestWish, end_token
from reviews.digests.send import send_due
from reviews.queues.models import Queue
from tests import make
from tests.races import at_once

MORNING = datetime(2026, 3, 2, 6, 5, tzinfo=UTC)


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, name="Grounded <b>&</b> true", k=1)
    make.items(queue, 3)
    return queue


@pytest.fixture
def reader(reviewer: Member) -> User:
    assert reviewer.user is not None
    DigestWish.objects.create(user=reviewer.user)
    return reviewer.user


@pytest.mark.django_db
def test_nobody_gets_one_who_did_not_ask(queue: Queue, reviewer: Member) -> None:
    assert (send_due(MORNING), mail.outbox, DigestDay.objects.count()) == (0, [], 0)


@pytest.mark.django_db
def test_it_tells_counts_and_names_and_no_text(queue: Queue, reader: User) -> None:
    assert send_due(MORNING) == 1
    (sent,) = mail.outbox
    assert isinstance(sent, mail.EmailMultiAlternatives)
    html = str(sent.alternatives[0][0])
    assert sent.to == [reader.email]
    assert "3 waiting in Grounded <b>&</b> true" in sent.body
    assert "3 waiting in Grounded &lt;b&gt;&amp;&lt;/b&gt; true" in html
    body = queue.items.earliest("pk").subject.shown()[0].body
    for text in (body.output, *(message["content"] for message in body.messages)):
        assert text not in sent.body + html


@pytest.mark.django_db
def test_one_a_day_and_none_before_six(queue: Queue, reader: User) -> None:
    assert send_due(MORNING - timedelta(hours=1)) == 0
    assert [send_due(MORNING), send_due(MORNING + timedelta(hours=9))] == [1, 0]
    assert send_due(MORNING + timedelta(days=1)) == 1


@pytest.mark.django_db
def test_it_is_quiet_when_there_is_nothing_to_tell(project: Project, reader: User) -> None:
    make.queue(project)
    assert (send_due(MORNING), mail.outbox) == (0, [])
    assert DigestDay.objects.get().state == DigestDay.State.QUIET


@pytest.mark.django_db
def test_it_tells_nothing_of_projects_that_they_may_not_enter(queue: Queue, reader: User) -> None:
    Project.objects.filter(pk=queue.project_id).update(is_second_factor_required=True)
    assert send_due(MORNING) == 0
    Project.objects.filter(pk=queue.project_id).update(is_second_factor_required=False)
    reader.members.update(disabled_at=MORNING)
    assert send_due(MORNING + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_a_mail_server_that_is_away_costs_no_day(queue: Queue, reader: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    assert (send_due(MORNING), DigestDay.objects.count()) == (0, 0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(MORNING + timedelta(hours=1)) == 1


@pytest.mark.django_db
def test_its_link_ends_the_mails_for_who_is_not_signed_in(queue: Queue, reader: User) -> None:
    send_due(MORNING)
    headers = mail.outbox[0].extra_headers
    url = re.fullmatch(r"<(.+)>", headers["List-Unsubscribe"])
    assert url is not None
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    browser = Client(enforce_csrf_checks=True)
    assert "End them" in browser.get(url[1]).text
    assert DigestWish.objects.filter(user=reader).exists()
    assert "You get no daily mails" in browser.post(url[1], {"List-Unsubscribe": "One-Click"}).text
    assert not DigestWish.objects.filter(user=reader).exists()
    assert browser.post(url[1]).status_code == 200
    assert AuditEvent.objects.filter(verb="digest-off").count() == 1
    assert send_due(MORNING + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_a_link_that_nobody_signed_ends_nothing(reader: User) -> None:
    for token in (str(reader.key), end_token(reader)[:-1] + "_"):
        assert Client().post(reverse("account_mail_end", kwargs={"token": token})).status_code == 404
    assert DigestWish.objects.filter(user=reader).exists()


@pytest.mark.django_db
def test_the_switch_is_on_ones_own_page(reviewer: Member) -> None:
    person, url = make.SignedIn(reviewer), reverse("account_mail")
    assert "The daily mail is off" in person.get(url).text
    assert person.post(url, {"wanted": "yes"}).status_code == 302
    assert "The daily mail is on" in person.get(url).text
    person.post(url, {"wanted": "no"})
    assert not DigestWish.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
def test_several_workers_send_it_once(queue: Queue, reader: User) -> None:
    assert sorted(at_once(*[lambda: send_due(MORNING)] * 4)) == [0, 0, 0, 1]
    assert len(mail.outbox) == 1
