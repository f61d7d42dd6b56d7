"""Every way to a session, under every condition that must stop it; and what a session or its absence opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback.accounts.models import Invitation, Member, Project, SigninLink, User
from feedback.audit.models import AuditEvent
from feedback.permissions import PUBLIC, ROUTES, SCOPES
from feedback.requests import Utf8Request
from tests import make, world
from tests.addresses import APIS, PAGES, SERVED, address
from tests.attacks.pages import text_of
from tests.attacks.tenants import hash_of, tables
from tests.test_access import ask, entry_of

pytestmark = pytest.mark.once

PASSWORD = "correct horse battery"
HOUR = timedelta(hours=1)
Way = Callable[[Client, Member], Any]


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """allauth counts tries and used codes in the cache, and ids repeat from test to test."""
    cache.clear()
    yield
    cache.clear()


def path_of(url: str) -> str:
    return urlsplit(url).path


def by_password(browser: Client, member: Member) -> None:
    browser.post(reverse("account_login"), {"login": make.password(member).email, "password": PASSWORD})


def by_link(browser: Client, member: Member) -> None:
    browser.post(path_of(SigninLink.make(HOUR, user=member.user)[1]))


def by_reset(browser: Client, member: Member) -> None:
    """The mailed link sets a new password; it must not let anybody in by itself."""
    user = make.password(member)
    browser.post(reverse("account_reset_password"), {"email": user.email})
    words = [word for message in mail.outbox[-1:] for word in message.body.split()]
    for url in [word for word in words if "/key/" in word]:  # who was switched off is mailed none
        page = browser.get(path_of(url), follow=True)
        new = {"password1": "another horse battery", "password2": "another horse battery"}
        browser.post(page.redirect_chain[-1][0] if page.redirect_chain else path_of(url), new)


def by_invitation(browser: Client, member: Member) -> None:
    """Somebody who has an account is sent to sign in, whatever the link says."""
    assert member.user is not None
    other = make.project()
    path = path_of(Invitation.make(HOUR, project=other, email=member.user.email, role="admin")[1])
    browser.post(path)
    browser.get(reverse("account_signup"))
    new = {"email": member.user.email, "name": "Nia", "password1": PASSWORD}
    browser.post(reverse("account_signup"), new)


WAYS: dict[str, Way] = {"password": by_password, "link": by_link, "reset": by_reset, "invitation": by_invitation}
OPENS = {"password", "link"}  # the others prove an address and no more


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.parametrize("way", WAYS)
def test_a_way_in_opens_for_who_may_come_in(way: str, reviewer: Member) -> None:
    browser = Client()
    WAYS[way](browser, reviewer)
    assert is_signed_in(browser) == (way in OPENS)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_who_was_switched_off_comes_in(way: str, reviewer: Member) -> None:
    browser, user = Client(), make.password(reviewer)
    User.objects.filter(pk=user.pk).update(is_active=False)
    reviewer.refresh_from_db()
    WAYS[way](browser, reviewer)
    assert not is_signed_in(browser)


@pytest.mark.parametrize("way", WAYS)
def test_no_way_in_goes_round_the_second_factor(way: str, reviewer: Member) -> None:
    make.authenticator_app(reviewer)
    browser = Client()
    WAYS[way](browser, reviewer)
    assert not is_signed_in(browser)


@pytest.mark.parametrize("way", sorted(OPENS))
def test_a_way_in_opens_no_project_that_is_closed(way: str, reviewer: Member, other_project: Project) -> None:
    """Removed from one, another is archived, a third wants a second factor: none opens, by page or by API."""
    archived, strict = make.project("old", archived_at=timezone.now()), make.project("strict")
    Project.objects.filter(pk=strict.pk).update(is_second_factor_required=True)
    for project in (other_project, archived, strict):
        Member.objects.create(project=project, user=reviewer.user, role="curator")
    Member.objects.filter(project=other_project).update(disabled_at=timezone.now())
    browser = Client()
    WAYS[way](browser, reviewer)
    status = {
        slug: browser.get(f"/p/{slug}/responses/").status_code for slug in ("elsewhere", "old", "strict", "travel")
    }
    assert status == {"elsewhere": 404, "old": 404, "strict": 302, "travel": 403}
    api = {slug: browser.get("/api/v1/responses/", headers={"Touchstone-Project": slug}).status_code for slug in status}
    assert api == {"elsewhere": 404, "old": 403, "strict": 403, "travel": 403}


def test_half_of_a_sign_in_opens_nothing(admin: Member) -> None:
    """The password was right and the code is still to come: every address answers as to a stranger."""
    make.authenticator_app(admin)
    make.password(admin)
    browser, found = Client(), []
    by_password(browser, admin)
    for route in [name for name in SERVED if ROUTES[name] != PUBLIC]:
        path = address(route, admin.project, make.member(admin.project) if ":" not in route else admin)
        for method in [*entry_of(route)][:2]:
            answer = ask(browser, method, path)
            ok = {401, 405} if route.startswith("api:") else {302}
            if answer.status_code not in ok or not route.startswith("api:") and "/login/" not in answer["Location"]:
                found.append(f"{method} {path} is answered with {answer.status_code}")
    assert found == []
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize("way", sorted(OPENS))
def test_a_planted_session_is_not_the_one_that_is_signed_in(way: str, reviewer: Member) -> None:
    planted, victim = Client(), Client()
    session = planted.session
    session["planted"] = "yes"
    session.save()
    victim.cookies = planted.cookies.copy()  # type: ignore[assignment]
    WAYS[way](victim, reviewer)
    assert is_signed_in(victim)
    assert victim.session.session_key != planted.session.session_key
    assert not is_signed_in(planted)


def test_who_was_shut_out_does_not_come_back_by_an_older_invitation(reviewer: Member) -> None:
    assert reviewer.user is not None
    _, url = Invitation.make(HOUR, project=reviewer.project, email=reviewer.user.email, role="admin")
    reviewer.disable()
    assert make.SignedIn(reviewer).post(path_of(url)).status_code == 410
    reviewer.refresh_from_db()
    assert not reviewer.is_active
    assert reviewer.role == "reviewer"


def test_a_recovery_code_works_once_and_after_the_password_only(reviewer: Member) -> None:
    make.authenticator_app(reviewer)
    code = Authenticator.objects.get(user=reviewer.user, type="recovery_codes").wrap().get_unused_codes()[0]
    stranger, first, second = Client(), Client(), Client()
    for browser in (first, second):
        by_password(browser, reviewer)
    for browser in (stranger, first, second):
        browser.post(reverse("mfa_authenticate"), {"code": code})
    assert [is_signed_in(browser) for browser in (stranger, first, second)] == [False, True, False]


# -- what a request cannot talk its way into


def test_every_page_refuses_the_form_of_another_site(admin: Member) -> None:
    browser, found = Client(enforce_csrf_checks=True), []
    assert admin.user is not None
    browser.force_login(admin.user)
    # A mail program sends that one for its reader, from anywhere: the address itself is signed (RFC 8058).
    for route in [name for name in SERVED if name != "account_mail_end"]:
        path = address(route, admin.project, admin if ":" in route else make.member(admin.project))
        for method in ("POST", "PUT", "PATCH", "DELETE") if ":" in route else ("POST",):
            answer = ask(browser, method, path, headers={"Origin": "https://evil.example"})
            if answer.status_code not in {403, 405}:
                found.append(f"{method} {path} is answered with {answer.status_code}")
    assert found == []


def test_looking_changes_nothing(admin: Member) -> None:
    """GET and HEAD of every page and list; only the audit log may say that something was taken."""
    world.one_of_everything(admin.project)
    browser, found = make.SignedIn(admin), []
    routes = [route for route in [*PAGES, *APIS] if route != "api:training-file"]  # opens once: reading it uses it up
    paths = [address(route, admin.project, admin) for route in routes]
    watched = [model for model in tables() if model._meta.app_label not in {"audit", "usersessions"}]
    pks = {model: list(model._default_manager.values_list("pk", flat=True)) for model in watched}
    before = {model: hash_of(model, pks[model]) for model in watched}
    for path in paths:
        for method in ("GET", "HEAD"):
            answer = browser.generic(method, path)
            text_of(answer)
            if "no-store" not in answer.get("Cache-Control", ""):
                found.append(f"{path} may be cached")
    found += [model._meta.label for model in watched if hash_of(model, pks[model]) != before[model]]
    found += [model._meta.label for model in watched if model._default_manager.count() != len(pks[model])]
    assert found == []


def test_a_method_cannot_be_put_over_another(admin: Member) -> None:
    names = ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")
    browser = make.SignedIn(admin, headers=dict.fromkeys(names, "POST"))
    key = make.queue(admin.project).key
    assert browser.get(f"/p/travel/queues/{key}/state/?_method=POST").status_code == 405
    assert browser.get("/p/travel/settings/archive/?_method=POST&slug=travel").status_code == 200
    assert "results" in browser.get("/api/v1/responses/").json()
    over = {"_method": "DELETE", "X-HTTP-Method-Override": "DELETE"}
    assert browser.post("/api/v1/responses/?_method=GET", over).status_code == 415


EVIL = [
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "http:evil.example", "javascript:alert(1)", "data:text/html,x", "https://testserver@evil.example/",
    "https:///evil.example", "/\t/evil.example", "http://testserver.evil.example/",
    "%2f%2fevil.example", "\x00//evil.example", "https://evil.example#testserver",
]  # fmt: skip


@pytest.mark.parametrize("there", EVIL)
def test_no_next_leads_to_another_site(there: str, reviewer: Member) -> None:
    user, browser = make.password(reviewer), Client()
    signed = {"login": user.email, "password": PASSWORD, "next": there}
    answers = [browser.post(reverse("account_login"), signed)]
    answers += [
        browser.post(reverse(name), {"password": PASSWORD, "next": there}) for name in ("account_reauthenticate",)
    ]
    answers += [
        browser.get(reverse("account_login"), {"next": there}),
        browser.get("/", headers={"HX-Current-URL": there}),
    ]
    answers += [browser.post(reverse("account_logout"), {"next": there})]
    answers += [Client().get("/p/travel/work/", headers={"HX-Request": "true", "HX-Current-URL": there})]
    answers += [Client().post(path_of(SigninLink.make(HOUR, user=user)[1]), {"next": there})]
    for answer in answers:
        for name in ("Location", "HX-Redirect"):
            target = answer.get(name, "/")
            assert not target.startswith(("//", "/\\", "/\t", "\\")), target
            assert urlsplit(urljoin("http://testserver/accounts/login/", target)).netloc == "testserver", target


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"])
def test_a_mailed_link_leads_here_whatever_a_header_says(name: str, reviewer: Member) -> None:
    user = make.password(reviewer)
    answer = Client(headers={name: "evil.example"}).post(reverse("account_reset_password"), {"email": user.email})
    assert answer.status_code == (400 if name == "Host" else 302)
    assert [message for message in mail.outbox if "evil" in message.body] == []


def test_a_forwarded_address_is_believed_behind_a_proxy_only(admin: Member, settings: Settings) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6, 7.7.7.7", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    browser = make.SignedIn(admin, headers=forged)
    for proxies, seen in ((0, "127.0.0.1"), (1, "7.7.7.7"), (2, "6.6.6.6"), (3, "127.0.0.1")):
        settings.TRUSTED_PROXIES = proxies
        browser.post("/p/travel/settings/", {"name": f"Travel {proxies}"})
        assert AuditEvent.objects.filter(verb="project-changed").latest("pk").ip == seen


def test_keys_open_their_project_by_their_header_only(admin: Member) -> None:
    """Not as a parameter, a cookie, a form field, another scheme, or twice; and no page at all."""
    secret = make.api_key(admin.project, *SCOPES, member=admin)
    path, attempts = "/api/v1/responses/", Client()
    attempts.cookies["Authorization"] = attempts.cookies["api_key"] = secret
    assert attempts.get(path, {"api_key": secret, "token": secret, "access_token": secret}).status_code == 401
    for text in (f"Basic {secret}", f"Token {secret}", secret, f"Bearer {secret} {secret}", f"Bearer {secret}\t x",
                 f"bearer\u00a0{secret}", f"Bearer {secret[:-1]}", f"Bearer {secret.upper()}"):  # fmt: skip
        assert Client().get(path, headers={"Authorization": text}).status_code == 401, text
    by_key = Client(headers={"Authorization": f"Bearer {secret}"})
    assert by_key.get(path).status_code == 200
    for route in PAGES:
        assert by_key.get(address(route, admin.project, admin)).status_code == 302, route


def test_rights_that_went_are_gone_with_the_next_request(admin: Member, curator: Member) -> None:
    """Between a page and its form: role, membership, person, key and project."""
    secret = make.api_key(curator.project, *SCOPES, member=curator)
    by_key, browser = Client(headers={"Authorization": f"Bearer {secret}"}), make.SignedIn(curator)
    form, page = {"name": "Pairs", "train": 80}, "/p/travel/datasets/new/"
    assert browser.get(page).status_code == 200
    assert by_key.get("/api/v1/sampling-rules/").status_code == 200
    curator.change(role="reviewer")
    assert browser.post(page, form).status_code == 403
    assert by_key.get("/api/v1/sampling-rules/").status_code == 403
    curator.disable()
    assert browser.post(page, form).status_code == 404
    assert by_key.get("/api/v1/sampling-rules/").status_code == 401
    curator.change(is_disabled=False, role="curator")
    curator.project.archive()
    assert browser.post(page, form).status_code == 404
    assert by_key.get("/api/v1/sampling-rules/").status_code == 403


@pytest.mark.parametrize("charset", ["bz2_codec", "utf-16", "nonsense", "utf-8"])
def test_a_charset_that_the_sender_names_is_not_believed(charset: str, db: None) -> None:
    kind = {"CONTENT_TYPE": f"application/json; charset={charset}", "HTTP_HOST": "testserver"}
    told: list[str] = []
    environ = RequestFactory().generic("POST", "/api/v1/responses/?a=1", b"{}").environ | kind
    application = WSGIHandler()
    application.request_class = Utf8Request
    application(environ, lambda status, headers: told.append(status))  # type: ignore[arg-type]
    assert told == ["401 Unauthorized"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_api_says_which_type_it_answers_and_takes(method: str, admin: Member) -> None:
    secret = make.api_key(admin.project, *SCOPES, member=admin)
    types = {"application/json", "application/problem+json", "application/x-ndjson"}
    odd = ("text/html", "multipart/form-data; boundary=x", "")
    for route in APIS:
        path = address(route, admin.project, admin)
        for kind in odd:
            answer = Client().generic(method, path, "a=1", kind, headers={"Authorization": f"Bearer {secret}"})
            assert answer.status_code < 500, (path, kind)
            told = answer.get("Content-Type", "application/json").partition(";")[0]
            assert told in types, (path, kind, told)
            assert answer["X-Content-Type-Options"] == "nosniff"
