"""Second factors: set up, asked for at the door, lost, and demanded by a project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member, Project, SigninLink
from feedback.accounts.second_factor import SecondFactorAdapter, has_second_factor
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Codes that were used and tries that were counted stay in the cache, and ids repeat from test to test."""
    cache.clear()
    yield
    cache.clear()


def come_in(member: Member) -> Client:
    """The browser of somebody who has written their password."""
    assert member.user is not None
    browser, user = Client(), member.user if member.user.has_usable_password() else make.password(member)
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return browser


def set_up_app(browser: Client) -> tuple[str, Any]:
    page = browser.get("/accounts/second-factor/app/add/")
    secret = page.context["form"].secret
    return secret, browser.post("/accounts/second-factor/app/add/", {"code": make.code_of(secret)})


def test_an_app_is_set_up_by_its_picture_and_a_code(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    page = browser.get("/accounts/second-factor/app/add/")
    text, secret = page.content.decode(), page.context["form"].secret
    assert 'src="data:image/svg+xml;base64,' in text
    assert f'id="totp-secret">{secret}<' in text
    wrong = browser.post("/accounts/second-factor/app/add/", {"code": "000000"})
    assert b"This code is not right" in wrong.content
    assert wrong.context["form"].secret == secret
    answer = browser.post("/accounts/second-factor/app/add/", {"code": make.code_of(secret)})
    assert answer["Location"] == "/accounts/second-factor/codes/"
    assert reviewer.user is not None
    assert has_second_factor(reviewer.user)
    assert AuditEvent.objects.filter(verb="authenticator-app-added", actor=str(reviewer.user.key)).exists()


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_is_told_by_mail_and_ends_other_sessions(reviewer: Member) -> None:
    here, elsewhere = come_in(reviewer), come_in(reviewer)
    here.post("/accounts/reauthenticate/?next=/accounts/second-factor/", {"password": PASSWORD})
    set_up_app(here)
    assert [message.subject for message in mail.outbox] == [
        "[testserver] An authenticator app was added to your Touchstone account"
    ]
    assert "Signing in asks for its code" in mail.outbox[0].body
    assert here.get("/accounts/sessions/").status_code == 200
    assert elsewhere.get("/accounts/sessions/").status_code == 302


def test_setting_it_up_asks_for_the_password_again(reviewer: Member) -> None:
    browser = come_in(reviewer)
    answer = browser.get("/accounts/second-factor/app/add/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert browser.get(answer["Location"]).status_code == 200
    back = browser.post(answer["Location"], {"password": PASSWORD, "next": "/accounts/second-factor/app/add/"})
    assert browser.get(back["Location"]).status_code == 200


def test_signing_in_asks_for_the_code(reviewer: Member) -> None:
    secret = make.authenticator_app(reviewer)
    browser = come_in(reviewer)
    assert "_auth_user_id" not in browser.session
    assert browser.get("/p/travel/work/").status_code == 302
    page = browser.get("/accounts/second-factor/code/")
    assert b"One more step" in page.content
    assert b"security key" not in page.content
    assert b"This code is not right" in browser.post("/accounts/second-factor/code/", {"code": "000000"}).content
    browser.post("/accounts/second-factor/code/", {"code": make.code_of(secret)})
    assert browser.get("/p/travel/work/").status_code == 200


def test_a_code_works_once(reviewer: Member) -> None:
    secret = make.authenticator_app(reviewer)
    code = make.code_of(secret)
    come_in(reviewer).post("/accounts/second-factor/code/", {"code": code})
    second = come_in(reviewer)
    second.post("/accounts/second-factor/code/", {"code": code})
    assert "_auth_user_id" not in second.session


def test_guessing_codes_is_stopped(reviewer: Member) -> None:
    secret = make.authenticator_app(reviewer)
    browser = come_in(reviewer)
    for guess in range(6):
        browser.post("/accounts/second-factor/code/", {"code": f"{guess:06}"})
    page = browser.post("/accounts/second-factor/code/", {"code": make.code_of(secret)})
    assert b"Too many" in page.content
    assert "_auth_user_id" not in browser.session


def test_a_one_time_link_asks_for_the_second_factor_too(reviewer: Member) -> None:
    make.authenticator_app(reviewer)
    browser, url = Client(), SigninLink.make(timedelta(hours=1), user=reviewer.user)[1]
    answer = browser.post("/" + url.split("/", 3)[3])
    assert answer["Location"] == "/accounts/second-factor/code/"
    assert "_auth_user_id" not in browser.session


def test_recovery_codes_are_shown_downloaded_used_once_and_made_anew(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    set_up_app(browser)
    codes = browser.get("/accounts/second-factor/codes/").context["unused_codes"]
    file = browser.get("/accounts/second-factor/codes/download/")
    assert "attachment" in file["Content-Disposition"]
    assert len(codes) == 10
    assert all(code in file.content.decode() for code in codes)
    second = come_in(reviewer)
    second.post("/accounts/second-factor/code/", {"code": codes[0]})
    assert "_auth_user_id" in second.session
    third = come_in(reviewer)
    third.post("/accounts/second-factor/code/", {"code": codes[0]})
    assert "_auth_user_id" not in third.session
    assert b"9 left" in second.get("/accounts/second-factor/").content


def test_new_recovery_codes_replace_the_old_ones(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    set_up_app(browser)
    before = browser.get("/accounts/second-factor/codes/").context["unused_codes"]
    assert b"The 10 that you have stop working" in browser.get("/accounts/second-factor/codes/new/").content
    browser.post("/accounts/second-factor/codes/new/")
    after = browser.get("/accounts/second-factor/codes/").context["unused_codes"]
    assert not set(before) & set(after)
    assert AuditEvent.objects.filter(verb="recovery-codes-made").exists()


def test_removing_the_last_factor_takes_the_codes_along(reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    set_up_app(browser)
    assert browser.get("/accounts/second-factor/app/remove/").status_code == 200
    browser.post("/accounts/second-factor/app/remove/")
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.filter(verb="authenticator-app-removed").exists()


def test_somebody_elses_key_is_not_here(reviewer: Member, other_reviewer: Member) -> None:
    key = make.security_key(other_reviewer)
    browser = make.SignedIn(reviewer)
    for page in ("name", "remove"):
        assert browser.post(f"/accounts/second-factor/keys/{key.pk}/{page}/", {"name": "mine"}).status_code == 404


def test_secrets_are_encrypted_and_survive_a_new_key(reviewer: Member, settings: Settings) -> None:
    secret = make.authenticator_app(reviewer)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    row = Authenticator.objects.get(type="totp")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 50
    assert SecondFactorAdapter().decrypt(row.data["secret"]) == secret


# -- a project that asks for one


@pytest.fixture
def strict(project: Project) -> Project:
    project.is_second_factor_required = True
    project.save()
    return project


def test_who_has_none_is_sent_to_set_one_up(strict: Project, reviewer: Member) -> None:
    browser = make.SignedIn(reviewer)
    assert browser.get("/p/travel/work/")["Location"] == "/accounts/second-factor/"
    page = browser.get("/accounts/second-factor/").content.decode()
    assert "Travel asks for a second factor" in re.sub(r"<[^>]+>", "", page)
    htmx = browser.get("/p/travel/work/", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx["HX-Redirect"]) == (204, "/accounts/second-factor/")
    set_up_app(browser)
    assert browser.get("/p/travel/work/").status_code == 200


def test_no_page_of_the_project_is_open_without_one(strict: Project, admin: Member) -> None:
    browser = make.SignedIn(admin)
    for path in ("settings/", "people/", "take-outs/", "archived/"):
        assert browser.post(f"/p/travel/{path}")["Location"] == "/accounts/second-factor/"


def test_the_api_asks_a_session_for_one_and_no_key(strict: Project, curator: Member) -> None:
    browser = make.SignedIn(curator)
    answer = browser.get(reverse("api:response-list"))
    assert (answer.status_code, answer.json()["code"]) == (403, "second-factor-needed")
    key = make.api_key(strict, "responses:read", member=curator)
    assert Client().get(reverse("api:response-list"), headers={"Authorization": f"Bearer {key}"}).status_code == 200
    make.security_key(curator)
    assert browser.get(reverse("api:response-list")).status_code == 200


def test_another_project_does_not_ask(strict: Project, reviewer: Member, other_project: Project) -> None:
    Member.objects.create(project=other_project, user=reviewer.user, role="reviewer")
    assert make.SignedIn(reviewer).get("/p/elsewhere/work/").status_code == 200


def test_asking_costs_one_query_and_not_asking_none(
    project: Project, reviewer: Member, django_assert_num_queries: Any
) -> None:
    make.security_key(reviewer)
    browser = make.SignedIn(reviewer)
    browser.get("/p/travel/")
    with django_assert_num_queries(2):  # the session, the person with their memberships
        browser.get("/p/travel/")
    Project.objects.update(is_second_factor_required=True)
    with django_assert_num_queries(3):
        browser.get("/p/travel/")


def test_its_page_asks_little(reviewer: Member, django_assert_max_num_queries: Any) -> None:
    make.authenticator_app(reviewer)
    make.security_key(reviewer)
    browser = make.SignedIn(reviewer)
    with django_assert_max_num_queries(5):
        page = browser.get("/accounts/second-factor/")
    assert b"Blue key" in page.content
    assert UserSession.objects.count() == 0


def test_an_operator_helps_who_lost_everything(reviewer: Member, capsys: pytest.CaptureFixture[str]) -> None:
    make.authenticator_app(reviewer)
    assert reviewer.user is not None
    call_command("second-factor", "remove", reviewer.user.email, "--json")
    assert json.loads(capsys.readouterr().out) == {"email": reviewer.user.email, "removed": 2}
    assert not has_second_factor(reviewer.user)
    assert AuditEvent.objects.get(verb="second-factors-removed").actor == "operator"
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("second-factor", "remove", reviewer.user.email)
