"""The walk: every address there is, as everybody there is, against the one table of feedback/permissions.py.

A new route needs an entry in that table, and, when its address holds more than the project, a sample here: whatever the
address names, made anew for whoever is about to ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from feedback import permissions
from feedback.accounts.models import ApiKey, Invitation, Member, Project, SigninLink, User
from feedback.permissions import PUBLIC, ROLES, ROUTES, SCOPES, SIGNED_IN, STAFF, VERBS
from feedback.responses.models import ResponseUpload, SavedFilter
from reviews.imports.models import LabelUpload
from tests import make, world

BODY = '{"submission_id": "00000000-0000-4000-8000-000000000000", "answers": {}, "reason": "too hard"}'
METHODS = ("GET", "PUT", "PATCH", "DELETE", "POST")
Kwargs = dict[str, Any]


def key(row: Any) -> Kwargs:
    return {"key": row.key}


def pk(row: Any) -> Kwargs:
    return {"pk": row.pk}


def dataset_version(row: Any) -> Kwargs:
    return {"key": row.dataset.key, "number": row.number}


def dataset_pair(row: Any) -> Kwargs:
    return {**dataset_version(row.version), "pair_id": row.pair_id}


def job(row: Any) -> Kwargs:
    return {"kind": row._meta.label_lower, "pk": row.pk}


def dataset_export(row: Any) -> Kwargs:
    return {**dataset_version(row.version), "pk": row.pk}


def secret(made: tuple[Any, str]) -> Kwargs:
    return {"secret": made[1].rstrip("/").rsplit("/", 1)[1]}


def own(made: Any, **kwargs: Any) -> Kwargs:
    """What the asking person needs to have, for an address that does not name it."""
    return kwargs


def turn(is_submitted: bool = False) -> Callable[[Project, Member], Kwargs]:
    return lambda project, who: {"token": world.assignment(project, who, is_submitted=is_submitted).token}


def a_queue(project: Project, who: Member) -> Kwargs:
    return key(make.queue(project))


def a_filter(project: Project, who: Member) -> Kwargs:
    return pk(SavedFilter.objects.create(project=project, owner=who, name=f"Filter {next(make.counter)}"))


def a_rule(project: Project, who: Member) -> Kwargs:
    return key(make.sampling_rule(make.queue(project)))


def a_version(project: Project, who: Member) -> Kwargs:
    return dataset_version(world.version(project))


DAY = timedelta(days=1)

# Route -> what its address names, in this project, for this member (the one who asks, or any when a program does).
SAMPLES: dict[str, Callable[[Project, Member], Kwargs]] = {
    "account_reset_password_from_key": lambda project, who: {"uidb36": "1", "key": "abc-def"},
    "account_signin_link": lambda project, who: secret(SigninLink.make(DAY, user=who.user)),
    "account_invitation": lambda project, who: secret(
        Invitation.make(DAY, project=project, email="nia@example.org", role="reviewer")
    ),
    "account_reauthenticate": lambda project, who: own(make.password(who)),
    "account_session_end": lambda project, who: own(None, pk=1),
    "mfa_deactivate_totp": lambda project, who: own(make.authenticator_app(who)),
    "mfa_reauthenticate": lambda project, who: own(make.authenticator_app(who)),
    "mfa_view_recovery_codes": lambda project, who: own(make.authenticator_app(who)),
    "mfa_download_recovery_codes": lambda project, who: own(make.authenticator_app(who)),
    "mfa_reauthenticate_webauthn": lambda project, who: own(make.security_key(who)),
    "mfa_edit_webauthn": lambda project, who: pk(make.security_key(who)),
    "mfa_remove_webauthn": lambda project, who: pk(make.security_key(who)),
    **dict.fromkeys(
        ["accounts:invitation-withdraw", "accounts:invitation-renew"],
        lambda project, who: pk(Invitation.make(DAY, project=project, email="nia@example.org", role="reviewer")[0]),
    ),
    **dict.fromkeys(
        [f"accounts:member-{name}" for name in ("change", "disable", "enable")],
        lambda project, who: pk(make.member(project)),
    ),
    **dict.fromkeys(
        [f"takeouts:takeout-{name}" for name in ("cancel", "download")], lambda project, who: pk(world.takeout(project))
    ),
    "accounts:key-revoke": lambda project, who: pk(ApiKey.issue(project, "k", ["ingest"])[0]),
    "prompts:prompt-detail": lambda project, who: pk(make.prompt_version(project).prompt),
    "prompts:version-compare": lambda project, who: pk(make.prompt_version(project).prompt),
    "prompts:version-detail": lambda project, who: pk(make.prompt_version(project)),
    "responses:response-detail": lambda project, who: pk(make.response(project)),
    "responses:filter-change": a_filter,
    "responses:filter-delete": a_filter,
    **dict.fromkeys(
        [f"responses:upload-{name}" for name in ("detail", "check", "start", "discard", "errors")],
        lambda project, who: pk(world.upload(ResponseUpload, project, who)),
    ),
    **dict.fromkeys(
        [f"imports:upload-{name}" for name in ("detail", "start", "discard", "errors")],
        lambda project, who: pk(world.upload(LabelUpload, project, who)),
    ),
    **dict.fromkeys(
        ["queues:response-items", "judgements:response-verdicts", "datasets:response-uses"],
        lambda project, who: pk(make.response(project)),
    ),
    **dict.fromkeys(
        ["rubrics:rubric-detail", "rubrics:rubric-edit", "rubrics:version-compare", "rubrics:rubric-export",
         "queues:rubric-preview"],
        lambda project, who: pk(make.rubric_version(project).rubric),
    ),
    **dict.fromkeys(
        [f"queues:{name}" for name in (
            "queue-detail", "queue-change", "queue-activity", "queue-state", "queue-items",
            "claim", "review", "submit", "draft", "heartbeat", "release", "skip",
            "escalate", "correction-diff",
        )],
        a_queue,
    ),
    "queues:undo": turn(is_submitted=True),
    "queues:turn": turn(is_submitted=True),
    "queues:escalation": lambda project, who: pk(world.escalation(project, who)),
    "sampling:rule-detail": a_rule,
    "sampling:rule-change": a_rule,
    "sampling:rule-trial": a_rule,
    "sampling:rule-run": a_rule,
    "quality:settle": lambda project, who: pk(world.disputed(project)),
    "monitoring:prompt-quality": lambda project, who: pk(make.prompt_version(project).prompt),
    "moderation:action-undo": lambda project, who: pk(world.action(project, who)),
    "moderation:item-detail": lambda project, who: pk(world.disputed(project)),
    "moderation:item-act": lambda project, who: {**pk(world.disputed(project)), "act_name": "withdraw"},
    "moderation:review-act": lambda project, who: {
        **pk(world.assignment(project, who, is_submitted=True)), "act_name": "invalidate"
    },
    "moderation:bulk-detail": lambda project, who: pk(world.bulk_action(project, who)),
    "moderation:escalation-detail": lambda project, who: pk(world.escalation(project, who)),
    "moderation:escalation-close": lambda project, who: pk(world.escalation(project, who)),
    "datasets:dataset-detail": lambda project, who: key(world.version(project).dataset),
    "datasets:dataset-change": lambda project, who: key(world.version(project).dataset),
    "datasets:version-compare": lambda project, who: key(world.version(project).dataset),
    "datasets:pair-list": a_version,
    "datasets:pair-detail": lambda project, who: dataset_pair(world.pair(project)),
    "datasets:excluded-list": a_version,
    "datasets:version-build": lambda project, who: key(world.version(project).dataset),
    "datasets:version-detail": a_version,
    "datasets:export-create": a_version,
    "datasets:export-download": lambda project, who: dataset_export(world.export(project)),
    "monitoring:job-cancel": lambda project, who: job(world.run(make.queue(project))),
    "monitoring:job-retry": lambda project, who: job(world.run(make.queue(project))),
    "api:response-detail": lambda project, who: pk(make.response(project)),
    "api:prompt-detail": lambda project, who: pk(make.prompt_version(project).prompt),
    "api:prompt-version-detail": lambda project, who: pk(make.prompt_version(project)),
    "api:rubric-detail": lambda project, who: pk(make.rubric_version(project).rubric),
    "api:rubric-version-detail": lambda project, who: pk(make.rubric_version(project)),
    "api:rule-detail": a_rule,
    "api:queue-detail": a_queue,
    "api:queue-claim": a_queue,
    **dict.fromkeys(
        [f"api:assignment-{name}" for name in (
            "detail", "draft", "submit", "skip", "escalate", "heartbeat", "release",
        )],
        turn(),
    ),
    "api:assignment-undo": turn(is_submitted=True),
    "api:rule-run": a_rule,
    "api:run-detail": lambda project, who: pk(world.run(make.queue(project))),
    "api:dataset-build": lambda project, who: key(world.version(project).dataset),
    "api:version-detail": lambda project, who: pk(world.version(project)),
    "api:version-export": lambda project, who: pk(world.version(project)),
    "api:export-detail": lambda project, who: pk(world.export(project)),
    "api:export-download": lambda project, who: pk(world.export(project)),
}  # fmt: skip


# What a page cannot do without after the question mark.
QUERIES: dict[str, Callable[[Project], str]] = {
    "responses:response-export": lambda project: "?format=jsonl",
    "api:preference-pair-list": lambda project: f"?dataset={world.version(project).dataset.key}",
}


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":  # stock views with checks of their own: test_security.py, test_admin.py
                yield from patterns(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name}", entry


SERVED = sorted({name for name, _ in patterns(get_resolver())})
PAGES = [name for name in SERVED if not name.startswith("api:") and ROUTES.get(name) not in {PUBLIC, SIGNED_IN, STAFF}]
APIS = [name for name in SERVED if name.startswith("api:")]


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def address(route: str, project: Project, who: Member, *, under: str = "") -> str:
    """The route's address about something of the project; `under` writes another project's slug before it."""
    kwargs = SAMPLES[route](project, who) if route in SAMPLES else {}
    slug = {} if route.startswith("api:") or ":" not in route else {"project": under or project.slug}
    try:
        return reverse(route, kwargs={**slug, **kwargs}) + (QUERIES[route](project) if route in QUERIES else "")
    except NoReverseMatch:
        pytest.fail(f"{route} needs more than {sorted(kwargs)} in its address: give it a sample in SAMPLES.")


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
    wrong = [label for label, route, verb in permissions.NAVIGATION if permissions.verb_of(route, "GET") != verb]
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


@pytest.mark.parametrize("route", [name for name in SERVED if ROUTES.get(name) == PUBLIC])
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
