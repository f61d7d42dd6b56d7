"""The operator's commands, as typed."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from feedback.accounts.models import ApiKey, Member, Project, SigninLink, User
from feedback.audit.models import AuditEvent


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def run_json(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_projects_are_made_and_listed(db: None) -> None:
    assert run("project", "list") == "There are no projects yet: project create SLUG makes one."
    assert run("project", "create", "travel", "--name", "Travel help") == "Project travel is made."
    assert [row["slug"] for row in run_json("project", "list")] == ["travel"]
    assert "Travel help" in run("project", "list")
    assert AuditEvent.objects.get(verb="project-created").actor == "operator"


@pytest.mark.parametrize("slug", ["Two words", "", "x" * 61])
def test_a_project_needs_a_usable_slug(db: None, slug: str) -> None:
    with pytest.raises(CommandError, match="cannot be made"):
        run("project", "create", slug)


def test_a_project_is_made_once(project: Project) -> None:
    with pytest.raises(CommandError, match="already exists"):
        run("project", "create", project.slug)


def test_people_are_added_with_an_account(project: Project) -> None:
    answer = run_json("member", "add", "Nia@Example.org", "--name", "Nia", "--role", "admin", "--project", "travel")
    assert (answer["email"], answer["role"]) == ("nia@example.org", "admin")
    assert User.objects.get().has_usable_password() is False
    assert "nia@example.org" in run("member", "list", "--project", "travel")


def test_adding_twice_is_refused_and_adding_after_disabling_lets_in_again(project: Project, admin: Member) -> None:
    run("member", "add", "nia@example.org", "--project", "travel")
    with pytest.raises(CommandError, match="a member of travel already, as reviewer"):
        run("member", "add", "nia@example.org", "--project", "travel")
    run("member", "disable", "nia@example.org", "--project", "travel")
    assert "(shut out)" in run("member", "list", "--project", "travel")
    run("member", "add", "nia@example.org", "--role", "curator", "--project", "travel")
    member = Member.objects.get(user__email="nia@example.org")
    assert (member.role, member.disabled_at) == ("curator", None)


def test_a_role_is_changed_but_not_of_the_last_admin(admin: Member, reviewer: Member) -> None:
    assert admin.user is not None
    assert reviewer.user is not None
    run("member", "role", reviewer.user.email, "moderator", "--project", "travel")
    reviewer.refresh_from_db()
    assert reviewer.role == "moderator"
    for words in (["role", admin.user.email, "reviewer"], ["disable", admin.user.email]):
        with pytest.raises(CommandError, match="only admin"):
            run("member", *words, "--project", "travel")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["member", "list", "--project", "nowhere"], "There is no project 'nowhere'. Projects: travel."),
        (["member", "add", "not an address", "--project", "travel"], "'not an address' is not an e-mail address."),
        (["member", "disable", "x@example.org", "--project", "travel"], "'x@example.org' is not a member of 'travel'."),
        (["apikey", "revoke", "0123456789", "--project", "travel"], "There is no key '0123456789' in 'travel'."),
        (["apikey", "create", "k", "--scope", "review", "--project", "travel"], "give --member EMAIL"),
        (["apikey", "create", "k", "--scope", "ingest", "--days", "0", "--project", "travel"], "between 1 and 3650"),
        (["signin-link", "x@example.org"], "There is no user with the address 'x@example.org'."),
    ],
)
def test_mistakes_are_answered_in_sentences(project: Project, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as raised:
        run(*words)
    assert sentence in str(raised.value)


def test_keys_are_made_listed_and_revoked(project: Project) -> None:
    made = run_json("apikey", "create", "trainer", "--scope", "datasets:read", "--days", "30", "--project", "travel")
    key = ApiKey.of_secret(made["key"])
    assert key is not None
    assert key.scopes == made["scopes"] == ["datasets:read"]
    assert run("apikey", "create", "other", "--scope", "ingest", "--project", "travel").startswith("tsk_")
    listed = run("apikey", "list", "--project", "travel")
    assert key.prefix in listed
    assert made["key"] not in listed
    run("apikey", "revoke", f"tsk_{key.prefix}", "--project", "travel")
    assert ApiKey.of_secret(made["key"]) is None
    with pytest.raises(CommandError, match="revoked already"):
        run("apikey", "revoke", key.prefix, "--project", "travel")


def test_a_members_key_is_theirs(reviewer: Member) -> None:
    assert reviewer.user is not None
    words = ["apikey", "create", "mine", "--scope", "review", "--member", reviewer.user.email, "--project", "travel"]
    assert run_json(*words)["member"] == reviewer.user.email
    assert ApiKey.objects.get().member == reviewer


def test_a_sign_in_link_signs_in(reviewer: Member) -> None:
    assert reviewer.user is not None
    url = run("signin-link", reviewer.user.email)
    path = "/" + url.split("/", 3)[3]
    browser = Client()
    browser.post(path)
    assert browser.session["_auth_user_id"] == str(reviewer.user_id)
    assert run_json("signin-link", reviewer.user.email)["url"].startswith("http")
    assert SigninLink.objects.count() == 2


def test_a_sign_in_link_of_somebody_switched_off_is_not_made(reviewer: Member) -> None:
    assert reviewer.user is not None
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="switched off"):
        run("signin-link", reviewer.user.email)
