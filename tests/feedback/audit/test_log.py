"""What an audit row says about who, from where, and what."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from feedback.accounts.models import ApiKey, Member, Project
from feedback.audit.log import client_ip, record
from feedback.audit.models import AuditEvent


def request_of(**fields: Any) -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9")
    request.__dict__.update({"user": AnonymousUser(), "request_id": "r-1", **fields})
    return request


def test_it_names_the_member_by_the_opaque_key(reviewer: Member) -> None:
    event = record("queue-made", reviewer, request=request_of(member=reviewer, user=reviewer.user), k=3)
    event.refresh_from_db()
    assert event.actor == str(reviewer.key)
    assert (event.project, event.object_type, event.object_id) == (
        reviewer.project,
        "accounts.member",
        str(reviewer.pk),
    )
    assert (event.ip, event.request_id, event.facts) == ("192.0.2.9", "r-1", {"k": 3})


def test_it_names_the_user_outside_a_project(reviewer: Member) -> None:
    assert reviewer.user is not None
    event = record("signed-in", reviewer.user, request=request_of(user=reviewer.user))
    assert (event.actor, event.project_id) == (str(reviewer.user.key), None)


def test_it_names_a_programs_key(project: Project) -> None:
    key, _ = ApiKey.issue(project, "app", ["ingest"])
    event = record("batch-sent", key, request=request_of(api_key=key, member=None))
    assert (event.actor, event.api_key) == ("program", key.prefix)


def test_without_a_request_it_was_the_system_or_the_operator(project: Project) -> None:
    assert record("swept", project, project=project).actor == "system"
    assert record("made", project, actor="operator").actor == "operator"


def test_it_falls_with_the_transaction_of_the_change(project: Project) -> None:
    with transaction.atomic():
        record("made", project)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_its_rows_are_never_changed(project: Project) -> None:
    record("made", project)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.update(actor="somebody else")
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.all()._raw_delete(AuditEvent.objects.db)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "203.0.113.5", "192.0.2.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        (2, "198.51.100.1, 203.0.113.5", "198.51.100.1"),
        (2, "203.0.113.5", "192.0.2.9"),
        (1, "", "192.0.2.9"),
        (1, "not an address", None),
    ],
)
def test_the_address_is_what_the_trusted_proxies_saw(
    settings: SimpleNamespace, trusted: int, forwarded: str, expected: str | None
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_ip(request) == expected
