"""A person's own account: name, sessions, and what a new password ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from feedback.accounts import sessions
from feedback.accounts.models import Member, User
from feedback.audit.models import AuditEvent
from tests import make

PASSWORD, NEW = "correct horse battery", "staple battery horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache.clear()
    sessions.seen.clear()
    yield
    sessions.seen.clear()


@pytest.fixture
def person(reviewer: Member) -> User:
    return make.password(reviewer)


def come_in(person: User, agent: str = FIREFOX, ip: str = "192.0.2.7") -> Client:
    browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=ip)
    browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return browser


def test_somebody_changes_their_name(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    page = browser.get("/accounts/profile/").content.decode()
    assert reviewer.user is not None
    assert reviewer.user.email in page
    assert reviewer.pseudonym in page
    assert browser.post("/accounts/profile/", {"name": "Rea Renamed"})["Location"] == "/accounts/profile/"
    reviewer.user.refresh_from_db()
    assert reviewer.user.name == "Rea Renamed"
    assert AuditEvent.objects.filter(verb="user-renamed").exists()


def test_a_name_is_needed_and_only_the_name_is_read(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    assert browser.post("/accounts/profile/", {"name": " "}).status_code == 422
    browser.post("/accounts/profile/", {"name": "Rea", "email": "eve@example.org", "is_staff": "on"})
    assert reviewer.user is not None
    reviewer.user.refresh_from_db()
    assert (reviewer.user.email == "eve@example.org", reviewer.user.is_staff) == (False, False)


# -- sessions


def test_it_lists_where_somebody_is_signed_in(person: User, other_reviewer: Member) -> None:
    come_in(make.password(other_reviewer), ip="192.0.2.99")
    come_in(person, "curl/8.1", "192.0.2.8")
    page = come_in(person).get("/accounts/sessions/")
    text = page.content.decode()
    assert [row["device"] for row in page.context["rows"]] == ["Firefox on Linux", "curl"]
    assert [row["is_here"] for row in page.context["rows"]] == [True, False]
    assert "192.0.2.8" in text
    assert "192.0.2.99" not in text


def test_one_session_is_ended(person: User, other_reviewer: Member) -> None:
    here, elsewhere = come_in(person), come_in(person)
    foreign = come_in(make.password(other_reviewer))
    row = UserSession.objects.get(session_key=elsewhere.session.session_key)
    theirs = UserSession.objects.get(session_key=foreign.session.session_key)
    assert here.get(f"/accounts/sessions/{row.pk}/end/").status_code == 405
    assert here.post(f"/accounts/sessions/{theirs.pk}/end/").status_code == 404
    here.post(f"/accounts/sessions/{row.pk}/end/")
    assert elsewhere.get("/accounts/sessions/").status_code == 302
    assert here.get("/accounts/sessions/").status_code == foreign.get("/accounts/sessions/").status_code == 200
    assert AuditEvent.objects.filter(verb="session-ended").exists()


def test_all_others_are_ended_and_it_is_told_by_mail(person: User) -> None:
    here, others = come_in(person), [come_in(person), come_in(person)]
    here.post("/accounts/sessions/end-others/")
    assert [browser.get("/accounts/sessions/").status_code for browser in others] == [302, 302]
    assert len(here.get("/accounts/sessions/").context["rows"]) == 1
    assert "all other sessions" in mail.outbox[0].body
    assert AuditEvent.objects.get(verb="sessions-ended").facts == {"n": 2}


def test_a_new_password_ends_every_other_session(person: User) -> None:
    here, elsewhere = come_in(person), come_in(person)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    here.post("/accounts/password/change/", data)
    assert elsewhere.get("/accounts/sessions/").status_code == 302
    assert len(here.get("/accounts/sessions/").context["rows"]) == 1
    assert UserSession.objects.count() == 1
    assert "password of your account was changed" in mail.outbox[0].body
    assert AuditEvent.objects.filter(verb="password-changed", actor=str(person.key)).exists()


def test_a_password_that_was_reset_ends_all_of_them(person: User, anonymous: Client) -> None:
    elsewhere = come_in(person)
    anonymous.post("/accounts/password/reset/", {"email": person.email})
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert found is not None
    form = anonymous.get(found[1])["Location"]
    anonymous.post(form, {"password1": NEW, "password2": NEW})
    assert elsewhere.get("/accounts/sessions/").status_code == 302
    assert not UserSession.objects.exists()


def test_a_dead_session_is_not_listed(person: User) -> None:
    come_in(person).session.flush()
    ended = come_in(person)
    here = come_in(person)
    ended.post("/accounts/logout/")
    assert len(here.get("/accounts/sessions/").context["rows"]) == 1


def test_the_list_asks_little(person: User, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        come_in(person)
    browser = come_in(person)
    with django_assert_max_num_queries(4):
        browser.get("/accounts/sessions/")


def test_last_seen_is_written_now_and_then(
    person: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    browser = come_in(person)
    row = UserSession.objects.get()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1))
    browser.get("/accounts/profile/")
    row.refresh_from_db()
    before = row.last_seen_at
    key = row.session_key
    sessions.seen[key] -= sessions.SEEN_SECONDS
    browser.get("/accounts/profile/", REMOTE_ADDR="192.0.2.50")
    row.refresh_from_db()
    assert row.last_seen_at > before
    assert row.ip == "192.0.2.50"
    assert timezone.now() - row.last_seen_at < timedelta(minutes=1)


def test_a_session_from_before_is_listed_once_it_is_used_for_a_while(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    assert b"too young to be listed" in browser.get("/accounts/sessions/").content
    sessions.seen[str(browser.session.session_key)] -= sessions.SEEN_SECONDS
    assert len(browser.get("/accounts/sessions/").context["rows"]) == 1


def test_sessions_that_were_seen_do_not_pile_up(reviewer: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "KEPT", 2)
    for _ in range(4):
        make.SignedIn(reviewer).get("/accounts/profile/")
    assert len(sessions.seen) == 2


@pytest.mark.parametrize(("agent", "device"), [
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605.1", "Safari on macOS"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
    ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
    (FIREFOX, "Firefox on Linux"), ("", "Unknown device"), ("python-requests/2.3", "python-requests"),
])  # fmt: skip
def test_a_browser_has_a_plain_name(agent: str, device: str) -> None:
    assert sessions.device(agent) == device
