"""API keys: made once, shown once, scoped, revocable."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import ApiKey, Member
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once

NEW = "/p/travel/keys/new/"


def test_the_list_says_in_words_what_keys_may_do_and_when_they_end(
    admin: Member, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        make.api_key(admin.project, "ingest", member=make.member(admin.project), created_by=admin)
    make.api_key(admin.project, "datasets:read", expires_at=timezone.now() + timedelta(days=3))
    make.api_key(admin.project, "review", expires_at=timezone.now() - timedelta(days=3))
    browser = make.SignedIn(admin)
    with django_assert_max_num_queries(7):
        page = browser.get("/p/travel/keys/")
    text = page.content.decode()
    assert "send responses" in text
    assert "pull preference pairs and exports" in text
    assert "Soon" in text
    assert [row.state for row in page.context["over"]] == ["expired"]


def test_a_new_key_is_shown_this_once(admin: Member) -> None:
    browser = make.SignedIn(admin)
    page = browser.post(NEW, {"name": "ingest", "scopes": ["ingest", "responses:read"]})
    found = re.search(r"tsk_[0-9a-f]{10}_[\w-]{43}", page.content.decode())
    assert found is not None
    key = ApiKey.of_secret(found[0])
    assert key is not None
    assert (key.project, key.member, key.scopes) == (admin.project, None, ["ingest", "responses:read"])
    assert page["Cache-Control"] == "no-store"
    listed = browser.get("/p/travel/keys/").content.decode()
    assert key.prefix in listed
    assert found[0] not in listed
    assert key.digest not in listed


def test_making_and_revoking_is_written_down(admin: Member) -> None:
    browser = make.SignedIn(admin)
    browser.post(NEW, {"name": "ingest", "scopes": ["ingest"]})
    key = ApiKey.objects.get()
    browser.post(f"/p/travel/keys/{key.pk}/revoke/")
    verbs = list(AuditEvent.objects.filter(object_id=str(key.pk)).order_by("pk").values_list("verb", "actor"))
    assert verbs == [("key-created", str(admin.key)), ("key-revoked", str(admin.key))]


def test_a_revoked_key_is_refused_at_once(admin: Member) -> None:
    secret = make.api_key(admin.project, "ingest")
    key = ApiKey.of_secret(secret)
    assert key is not None
    browser = make.SignedIn(admin)
    assert browser.get(f"/p/travel/keys/{key.pk}/revoke/").status_code == 200
    assert ApiKey.of_secret(secret) is not None
    browser.post(f"/p/travel/keys/{key.pk}/revoke/")
    assert ApiKey.of_secret(secret) is None
    assert browser.get(f"/p/travel/keys/{key.pk}/revoke/").status_code == 404


def test_a_key_ends_by_itself(admin: Member) -> None:
    make.SignedIn(admin).post(NEW, {"name": "short", "scopes": ["ingest"], "days": "1"})
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(days=1)
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not ApiKey.objects.live().exists()


def test_reviewing_needs_a_key_of_a_person(admin: Member) -> None:
    browser = make.SignedIn(admin)
    page = browser.post(NEW, {"name": "r", "scopes": ["review"]})
    assert page.status_code == 422
    assert b"somebody&#x27;s name" in page.content
    browser.post(NEW, {"name": "r", "scopes": ["review"], "is_mine": "on"})
    assert ApiKey.objects.get().member == admin


@pytest.mark.parametrize("data", [{}, {"name": "x"}, {"name": "x", "scopes": ["everything"]}, {"scopes": ["ingest"]}])
def test_it_explains_what_is_missing_and_makes_nothing(admin: Member, data: dict[str, str]) -> None:
    assert make.SignedIn(admin).post(NEW, data).status_code == 422
    assert not ApiKey.objects.exists()


def test_another_projects_key_is_not_here(admin: Member, outsider: Member) -> None:
    key, _ = ApiKey.issue(outsider.project, "theirs", ["ingest"])
    path = f"/p/travel/keys/{key.pk}/revoke/"
    assert make.SignedIn(admin).post(path).status_code == 404
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


@pytest.mark.parametrize("change", [("tsk", "xxx"), ("_", "-"), ("", "x"), ("_", "\x00")])
def test_a_text_that_is_almost_the_key_is_not(admin: Member, change: tuple[str, str]) -> None:
    secret = make.api_key(admin.project, "ingest")
    assert ApiKey.of_secret(secret) is not None
    assert ApiKey.of_secret(secret.replace(*change, 1)) is None
    assert ApiKey.of_secret(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None


def test_the_secret_is_nowhere_in_the_row(admin: Member) -> None:
    secret = make.api_key(admin.project, "ingest")
    assert secret.split("_", 2)[2] not in str(ApiKey.objects.values().get())
