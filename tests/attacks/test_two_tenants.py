"""Two tenants: whatever an admin of one project asks for by whatever id, nothing of the other is shown or changed.

Driven by the routes, so that a new one is attacked without being named here. Ids in bodies and parameters are in
test_borrowed_ids.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import NoReverseMatch, reverse

from feedback.accounts.models import Member
from feedback.permissions import ROUTES, SCOPES, SIGNED_IN
from tests import make
from tests.addresses import APIS, PAGES, SAMPLES, SERVED, Kwargs, address
from tests.attacks.conftest import Theirs
from tests.attacks.pages import text_of
from tests.attacks.tenants import MARK, Snapshot
from tests.test_access import ask

pytestmark = pytest.mark.once

METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
WORDS = {"kind", "act_name"}  # parts of an address that name no row
FOREIGN = {404, 405}


def mixtures(ours: Kwargs, theirs: Kwargs) -> Iterator[Kwargs]:
    """Our address with some of what it names, and with all of it, taken from the other tenant."""
    foreign = [name for name in theirs if name not in WORDS and theirs[name] != ours.get(name)]
    for size in range(1, len(foreign) + 1):
        for names in combinations(foreign, size):
            yield {**ours, **{name: theirs[name] for name in names}}


def foreign_paths(route: str, attacker: Member, theirs: Theirs) -> Iterator[str]:
    """Under the attacker's own slug with foreign ids; under the other's slug with foreign and with own ids."""
    ours = SAMPLES[route](attacker.project, attacker) if route in SAMPLES else {}
    mixed = list(mixtures(ours, theirs.kwargs.get(route, {})))
    if route.startswith("api:"):
        yield from (reverse(route, kwargs=kwargs) for kwargs in mixed)
        return
    yield from (reverse(route, kwargs={"project": attacker.project.slug, **kwargs}) for kwargs in mixed)
    yield from (reverse(route, kwargs={"project": theirs.project.slug, **kwargs}) for kwargs in [ours, *mixed])


def allowed_for(method: str) -> set[int]:
    """OPTIONS tells what a view takes, about no row."""
    return {200, *FOREIGN} if method == "OPTIONS" else FOREIGN


def leaks(answer: Any, what: str, allowed: set[int] = FOREIGN) -> list[str]:
    body = text_of(answer).replace(f"{MARK}-project", "")  # the slug was in the request
    found = [f"{what} is answered with {answer.status_code}"] if answer.status_code not in allowed else []
    return found + ([f"{what} shows a text of the other project"] if MARK in body else [])


def test_the_marks_would_be_seen(theirs: Theirs) -> None:
    """Without this the walks below could pass by looking at rows that say nothing."""
    browser = make.SignedIn(theirs.member)
    seen = []
    for route in PAGES:
        path = reverse(route, kwargs={"project": theirs.project.slug, **theirs.kwargs.get(route, {})})
        seen += [route] if MARK in text_of(browser.get(path)).replace(f"{MARK}-project", "") else []
    assert len(seen) > 70, seen


def test_no_page_opens_a_row_of_another_project(attacker: Member, theirs: Theirs) -> None:
    browser, before, found = make.SignedIn(attacker), Snapshot.of(theirs.project), []
    for route in PAGES:
        for path in foreign_paths(route, attacker, theirs):
            for method in METHODS[: 2 if MARK in path else None]:  # under a foreign slug the door asks for no method
                found += leaks(ask(browser, method, path), f"{method} {path} ({route})")
    assert found == []
    assert before.changes() == []


def test_no_route_of_the_api_opens_a_row_of_another_project(attacker: Member, theirs: Theirs) -> None:
    secret = make.api_key(attacker.project, *SCOPES, member=attacker)
    by_key = Client(headers={"Authorization": f"Bearer {secret}"})
    named = make.SignedIn(attacker, headers={"Touchstone-Project": theirs.project.slug})
    before, found = Snapshot.of(theirs.project), []
    for route in [route for route in APIS if route in SAMPLES]:
        for path in foreign_paths(route, attacker, theirs):
            for who, browser in (("key", by_key), ("session", make.SignedIn(attacker)), ("header", named)):
                for method in METHODS:
                    found += leaks(ask(browser, method, path), f"{method} {path} by {who}", allowed_for(method))
    for route in [route for route in APIS if route not in SAMPLES]:
        found += leaks(named.get(reverse(route)), f"{route} by header")
    assert found == []
    assert before.changes() == []


def test_own_lists_and_files_hold_nothing_of_another_project(attacker: Member, theirs: Theirs) -> None:
    """Every page, list, export, take-out, audit trail and search of one's own."""
    browser, found = make.SignedIn(attacker), []
    secret = make.api_key(attacker.project, *SCOPES, member=attacker)
    for route in [*PAGES, *APIS]:
        path = address(route, attacker.project, attacker)
        headers = {"Authorization": f"Bearer {secret}"} if route in APIS else {}
        answer = browser.get(path, headers=headers)
        found += leaks(answer, path, allowed=set(range(200, 500)))
    for word in (MARK, "zqv", "%", "_"):
        for route in ("monitoring:find", "moderation:search", "moderation:panel", "responses:response-list"):
            path = reverse(route, kwargs={"project": attacker.project.slug})
            body = text_of(browser.get(path, {"q": word})).replace(f'value="{MARK}"', "")
            found += [f"{route} finds {word}: {body.count(MARK)}"] if f"{MARK}1" in body or f"{MARK} " in body else []
    assert found == []


def test_a_person_reaches_no_session_and_no_second_factor_of_another(attacker: Member, theirs: Theirs) -> None:
    browser, other = Client(), Client()
    for member, client in ((attacker, browser), (theirs.member, other)):
        signed = {"login": make.password(member).email, "password": "correct horse battery"}
        client.post(reverse("account_login"), signed)
        client.post(reverse("account_reauthenticate"), signed)
    key, session = make.security_key(theirs.member), UserSession.objects.get(user=theirs.member.user)
    found: list[str] = []
    for route in [name for name in SERVED if ROUTES.get(name) == SIGNED_IN]:
        for pk in (key.pk, session.pk):
            try:
                path = reverse(route, kwargs={"pk": pk})
            except NoReverseMatch:
                continue
            for method in METHODS:
                found += leaks(browser.generic(method, path), f"{method} {path}", allowed_for(method))
    assert found == []
    key.refresh_from_db()
    assert key.data["name"] == "Blue key"
    assert other.get(reverse("account_profile")).status_code == 200
