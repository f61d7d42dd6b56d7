"""The walk: every address there is, as everybody there is, against the one table of feedback/permissions.py.

A new route needs an entry in that table, and, when its address holds more than the project, a sample in addresses.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback import navigation, permissions
from feedback.accounts.models import Member, Project, User
from feedback.permissions import PUBLIC, ROLES, ROUTES, SCOPES, SIGNED_IN, STAFF, VERBS
from tests import make
from tests.addresses import APIS, PAGES, SAMPLES, SERVED, address

pytestmark = pytest.mark.once

BODY = '{"submission_id": "00000000-0000-4000-8000-000000000000", "answers": {}, "reason": "too hard"}'
METHODS = ("GET", "PUT", "PATCH", "DELETE", "POST")


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def entry_of(route: str) -> dict[str, str]:
    """Method -> verb, for the methods that are worth asking; POST comes last, because it may use the sample up."""
    entry = ROUTES[route]
    return dict.fromkeys(METHODS, entry) if isinstance(entry, str) else {m: entry[m] for m in METHODS if m in entry}


def ask(browser: Client, method: str, path: str, **options: Any) -> Any:
    """Programs send JSON that several routes find complete, pages an empty form."""
    if path.startswith("/api/") and method != "GET":
        options |= {"data": BODY, "content_type": "application/json"}
    return browser.generic(method, path, **options)


def with_key(secret: str, method: str, path: str) -> int:
    return ask(Client(), method, path, headers={"Authorization": f"Bearer {secret}"}).status_code


def is_answered(status: int, method: str) -> bool:
    """The door let it through; what the view thinks of an empty form is not the door's business."""
    return status < 400 or status == 405 if method == "GET" else status < 500 and status not in {401, 403}


# -- the table


def test_every_route_is_in_the_table() -> None:
    assert [name for name in SERVED if name not in ROUTES] == [], "Add these to ROUTES in feedback/permissions.py."


def test_every_entry_of_the_table_is_a_route() -> None:
    missing = [name for name in ROUTES if name not in SERVED]
    assert missing == [], "Nobody serves these: build them, or take them out of ROUTES."


def test_every_sample_belongs_to_a_route() -> None:
    assert [name for name in SAMPLES if name not in SERVED] == []


def test_every_verb_is_known() -> None:
    known = {*VERBS, PUBLIC, SIGNED_IN, STAFF}
    used = {verb for route in ROUTES for verb in entry_of(route).values()}
    assert used - known == set()
    assert {verb for verbs in SCOPES.values() for verb in verbs} - set(VERBS) == set()
    assert {role for roles in VERBS.values() for role in roles} == set(ROLES)


def test_navigation_asks_for_the_verb_of_its_page() -> None:
    wrong = [label for label, route, verb in navigation.NAVIGATION if permissions.verb_of(route, "GET") != verb]
    assert wrong == []


# -- pages of a project


@pytest.mark.parametrize("route", PAGES)
def test_a_role_gets_what_the_table_says(route: str, project: Project, admin: Member) -> None:
    somewhere = address(route, project, admin)
    for role in ROLES:
        member = make.member(project, role)
        browser = make.SignedIn(member)
        is_allowed = any(role in VERBS[verb] for verb in entry_of(route).values())
        path = address(route, project, member) if is_allowed else somewhere
        for method, verb in entry_of(route).items():
            status = ask(browser, method, path).status_code
            assert is_answered(status, method) if role in VERBS[verb] else status == 403, (role, method, status)


@pytest.mark.parametrize("route", PAGES)
def test_strangers_are_sent_to_sign_in_and_outsiders_find_nothing(
    route: str, project: Project, admin: Member, outsider: Member
) -> None:
    gone = make.member(project, "admin")
    path, shut_out = address(route, project, admin), make.SignedIn(gone)
    gone.disable()
    for method in entry_of(route):
        answer = ask(Client(), method, path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/"), method
        assert ask(shut_out, method, path).status_code == 404, method
        assert ask(make.SignedIn(outsider), method, path).status_code == 404, method


@pytest.mark.parametrize("route", [route for route in PAGES if route.endswith(("create", "change", "-list", "import"))])
def test_a_choice_that_is_not_made_is_said_in_words(route: str, project: Project, admin: Member) -> None:
    assert "-----" not in make.SignedIn(admin).get(address(route, project, admin)).content.decode(), route


@pytest.mark.parametrize("route", [route for route in PAGES if route in SAMPLES])
def test_an_object_is_found_under_its_own_project_only(
    route: str, project: Project, admin: Member, outsider: Member
) -> None:
    path = address(route, project, admin, under=outsider.project.slug)
    statuses = {ask(make.SignedIn(outsider), method, path).status_code for method in entry_of(route)}
    assert 404 in statuses
    assert statuses <= {404, 405}


# -- the API


@pytest.mark.parametrize("route", APIS)
def test_a_member_gets_from_the_api_what_the_table_says(route: str, project: Project, admin: Member) -> None:
    somewhere = address(route, project, admin)
    for role in ROLES:
        member = make.member(project, role)
        every, none = make.api_key(project, *SCOPES, member=member), make.api_key(project, member=member)
        for method, verb in entry_of(route).items():
            assert with_key(none, method, somewhere) == 403, (role, method)
            if role not in VERBS[verb]:
                assert with_key(every, method, somewhere) == 403, (role, method)
                refusal = ask(make.SignedIn(member), method, somewhere)
                assert (refusal.status_code, refusal["Content-Type"]) == (403, "application/problem+json"), (
                    role,
                    method,
                )
                continue
            status = with_key(every, method, address(route, project, member))
            assert is_answered(status, method), (role, method, status)
            answer = ask(make.SignedIn(member), method, address(route, project, member))
            assert is_answered(answer.status_code, method), (role, method, answer.content)


@pytest.mark.parametrize("route", APIS)
def test_a_programs_key_opens_what_its_scope_says(route: str, project: Project, admin: Member) -> None:
    somewhere = address(route, project, admin)
    for scope in SCOPES:
        program = make.api_key(project, scope)
        for method, verb in entry_of(route).items():
            if verb in SCOPES[scope] and verb not in {"enter", "review"}:
                status = with_key(program, method, address(route, project, admin))
                assert is_answered(status, method), (scope, method, status)
            else:
                assert with_key(program, method, somewhere) == 403, (scope, method)


@pytest.mark.parametrize("route", APIS)
def test_strangers_and_dead_keys_open_nothing(route: str, project: Project, admin: Member) -> None:
    gone = make.member(project, "admin")
    dead = {
        "revoked": make.api_key(project, *SCOPES, member=admin, revoked_at=timezone.now()),
        "expired": make.api_key(project, *SCOPES, member=admin, expires_at=timezone.now()),
        "of somebody shut out": make.api_key(project, *SCOPES, member=gone),
        "made up": "tsk_0123456789_" + "a" * 43,
        "empty": "",
    }
    gone.disable()
    path = address(route, project, admin)
    for method in entry_of(route):
        stranger = ask(Client(), method, path)
        if stranger.status_code != 405:
            assert (stranger.status_code, stranger["WWW-Authenticate"]) == (401, "Bearer"), method
        assert stranger["Content-Type"] == "application/problem+json"
        for why, text in dead.items():
            assert with_key(text, method, path) in {401, 405}, (why, method)


@pytest.mark.parametrize("route", [route for route in APIS if route in SAMPLES])
def test_another_projects_key_or_session_finds_nothing(
    route: str, project: Project, admin: Member, outsider: Member
) -> None:
    theirs = make.api_key(outsider.project, *SCOPES, member=outsider)
    path, browser = address(route, project, admin), make.SignedIn(outsider)
    for method in entry_of(route):
        assert with_key(theirs, method, path) in {404, 405}, method
        assert ask(browser, method, path).status_code in {404, 405}, method
        named = ask(browser, method, path, headers={"Touchstone-Project": project.slug})
        assert named.status_code in {404, 405}, method


def test_a_session_names_its_project_when_it_has_several(reviewer: Member, other_project: Project) -> None:
    Member.objects.create(project=other_project, user=reviewer.user, role="admin")
    browser, path = make.SignedIn(reviewer), reverse("api:response-list")
    assert browser.get(path).json()["code"] == "project-needed"
    assert browser.get(path, headers={"Touchstone-Project": "elsewhere"}).status_code == 200
    assert browser.get(path, headers={"Touchstone-Project": "travel"}).status_code == 403
    assert browser.get(path, headers={"Touchstone-Project": "nowhere"}).status_code == 404


# -- pages without a project


@pytest.mark.parametrize("route", [name for name in SERVED if ROUTES.get(name) == PUBLIC and name != "metrics"])
def test_public_pages_are_open(route: str, project: Project, admin: Member) -> None:
    answer = Client().get(address(route, project, admin))
    assert answer.status_code < 400


@pytest.mark.parametrize("route", [name for name in SERVED if ROUTES.get(name) == SIGNED_IN])
def test_personal_pages_need_a_person(route: str, project: Project, reviewer: Member) -> None:
    path = address(route, project, reviewer)
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert is_answered(make.SignedIn(reviewer).get(path).status_code, "GET")


@pytest.mark.parametrize("route", [name for name in SERVED if ROUTES.get(name) == STAFF])
def test_staff_pages_need_staff(route: str, project: Project, admin: Member) -> None:
    path = address(route, project, admin)
    assert Client().get(path)["Location"].startswith("/accounts/login/")
    assert make.SignedIn(admin).get(path).status_code == 403
    User.objects.filter(members=admin).update(is_staff=True)
    assert make.SignedIn(admin).get(path).status_code < 400


@pytest.mark.parametrize("path", ["/nowhere/", "/p/", "/p/travel/nowhere/", "/p/nowhere/people/", "/accounts/"])
def test_unknown_addresses_are_not_there(path: str, admin: Member) -> None:
    assert Client().get(path).status_code in {302, 404}
    assert make.SignedIn(admin).get(path).status_code == 404
