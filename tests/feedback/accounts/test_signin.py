"""Coming in and going out: password, one-time link, reset, and what ends a session."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from feedback.accounts.api_auth import ApiKeyAuthentication
from feedback.accounts.digests import digest_of
from feedback.accounts.models import LinkOver, Member, SigninLink, User
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once

PASSWORD = "correct horse battery"


@pytest.fixture
def person(reviewer: Member) -> User:
    assert reviewer.user is not None
    reviewer.user.set_password(PASSWORD)
    reviewer.user.save()
    return reviewer.user


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_a_password_signs_in_and_leads_to_the_only_project(anonymous: Client, person: User) -> None:
    answer = anonymous.post("/accounts/login/", {"login": person.email.upper(), "password": PASSWORD})
    assert answer.status_code == 302
    assert anonymous.get("/")["Location"] == reverse("queues:work", kwargs={"project": "travel"})
    assert AuditEvent.objects.filter(verb="signed-in", actor=str(person.key)).exists()


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(anonymous: Client, person: User) -> None:
    wrong = anonymous.post("/accounts/login/", {"login": person.email, "password": "wrong"})
    unknown = anonymous.post("/accounts/login/", {"login": "nobody@example.org", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 200
    errors = [list(answer.context["form"].non_field_errors()) for answer in (wrong, unknown)]
    assert errors[0] == errors[1] != []


def test_the_session_rotates_at_sign_in(anonymous: Client, person: User) -> None:
    session = anonymous.session
    session["before"] = True
    session.save()
    before = session.session_key
    anonymous.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert anonymous.session.session_key != before


def test_signing_out_needs_a_post(client_of: type[make.SignedIn], reviewer: Member) -> None:
    browser = client_of(reviewer)
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get("/").status_code == 302
    assert "_auth_user_id" in browser.session
    browser.post("/accounts/logout/")
    assert "_auth_user_id" not in browser.session


def test_a_link_shows_a_page_and_signs_in_by_its_button(anonymous: Client, person: User) -> None:
    link, url = SigninLink.make(timedelta(hours=1), user=person)
    page = anonymous.get(path_of(url))
    assert page.status_code == 200
    assert b'method="post"' in page.content
    assert "_auth_user_id" not in anonymous.session
    assert anonymous.post(path_of(url)).status_code == 302
    assert anonymous.session["_auth_user_id"] == str(person.pk)
    link.refresh_from_db()
    assert link.used_at is not None


def test_only_the_hash_of_a_link_is_kept(person: User) -> None:
    link, url = SigninLink.make(timedelta(hours=1), user=person)
    secret = url.rstrip("/").rsplit("/", 1)[1]
    assert link.digest == digest_of(secret)
    assert secret not in str(SigninLink.objects.values().get(pk=link.pk))


def test_a_link_works_once(person: User) -> None:
    _, url = SigninLink.make(timedelta(hours=1), user=person)
    first, second = Client(), Client()
    assert first.post(path_of(url)).status_code == 302
    assert second.get(path_of(url)).status_code == 410
    assert second.post(path_of(url)).status_code == 410
    assert "_auth_user_id" not in second.session


def test_of_two_who_read_the_same_link_one_uses_it(person: User) -> None:
    link, _ = SigninLink.make(timedelta(hours=1), user=person)
    other = SigninLink.objects.get(pk=link.pk)
    link.use()
    with pytest.raises(LinkOver):
        other.use()


def test_a_link_ends(anonymous: Client, person: User) -> None:
    link, url = SigninLink.make(timedelta(hours=1), user=person)
    SigninLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert anonymous.post(path_of(url)).status_code == 410
    assert anonymous.get("/accounts/link/made-up/").status_code == 410


def test_a_link_of_a_person_who_is_switched_off_opens_nothing(anonymous: Client, person: User) -> None:
    _, url = SigninLink.make(timedelta(hours=1), user=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert anonymous.post(path_of(url))["Location"] == "/accounts/inactive/"
    assert "_auth_user_id" not in anonymous.session


def test_somebody_without_a_password_can_choose_one(client_of: type[make.SignedIn], reviewer: Member) -> None:
    browser = client_of(reviewer)
    assert browser.get("/accounts/password/change/")["Location"] == "/accounts/password/set/"
    assert browser.get("/accounts/password/set/").status_code == 200
    browser.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get(members=reviewer).check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sessions(
    client_of: type[make.SignedIn], reviewer: Member, person: User
) -> None:
    here, elsewhere = client_of(reviewer), client_of(reviewer)
    new = "another long password"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert User.objects.get(pk=person.pk).check_password(new)
    assert here.get("/accounts/password/change/").status_code == 200
    assert elsewhere.get("/accounts/password/change/").status_code == 302


def test_a_forgotten_password_is_reset_by_the_mailed_link(anonymous: Client, person: User) -> None:
    anonymous.post("/accounts/password/reset/", {"email": person.email})
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert found is not None
    form_page = anonymous.get(found[1], follow=True)
    assert form_page.status_code == 200
    new = "a third long password"
    anonymous.post(form_page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert User.objects.get(pk=person.pk).check_password(new)


def test_a_reset_says_the_same_for_an_unknown_address(anonymous: Client, person: User) -> None:
    known = anonymous.post("/accounts/password/reset/", {"email": person.email})
    unknown = anonymous.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "login/code/", "3rdparty/", "signup/passkey/"])
def test_pages_of_allauth_that_we_do_not_use_do_not_exist(anonymous: Client, db: None, path: str) -> None:
    assert anonymous.get(f"/accounts/{path}").status_code == 404


def test_switching_a_user_off_ends_session_and_keys_at_once(client_of: type[make.SignedIn], reviewer: Member) -> None:
    browser = client_of(reviewer)
    secret = make.api_key(reviewer.project, "review", member=reviewer)
    User.objects.filter(members=reviewer).update(is_active=False)
    assert browser.get("/p/travel/")["Location"].startswith("/accounts/login/")
    assert not key_opens(secret)


def test_shutting_a_member_out_ends_pages_and_keys_at_once(client_of: type[make.SignedIn], reviewer: Member) -> None:
    browser = client_of(reviewer)
    secret = make.api_key(reviewer.project, "review", member=reviewer)
    assert key_opens(secret)
    reviewer.disable()
    assert browser.get("/p/travel/").status_code == 404
    assert not key_opens(secret)


def key_opens(secret: str) -> bool:
    request = Request(RequestFactory().get("/api/v1/", headers={"Authorization": f"Bearer {secret}"}))
    try:
        return ApiKeyAuthentication().authenticate(request) is not None
    except AuthenticationFailed:
        return False


@pytest.mark.django_db(transaction=True)
def test_of_many_who_press_the_button_at_once_one_comes_in() -> None:
    _, url = SigninLink.make(timedelta(hours=1), user=make.user())
    together, statuses = Barrier(6), []

    def press() -> None:
        try:
            together.wait()
            statuses.append(Client().post(path_of(url)).status_code)
        finally:
            connection.close()

    threads = [Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 410, 410, 410, 410, 410]
