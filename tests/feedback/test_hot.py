"""Queries that are written once, and plans that are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import DataError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.accounts.session_store import SessionStore
from feedback.hot import HotQuery, fetch
from tests import make

pytestmark = pytest.mark.django_db


@HotQuery
def members(project: Any, role: Any) -> QuerySet[Member]:
    rows = Member.objects.filter(project=project, role=role).select_related("project", "user")
    return rows.annotate(read_at=Now()).order_by("pk")


def test_it_finds_what_the_queryset_finds(project: Project, reviewer: Member, curator: Member) -> None:
    for role, member in (("reviewer", reviewer), ("curator", curator), ("reviewer", reviewer)):
        found = members.rows(project=project.pk, role=role)
        assert found == list(members.write(project.pk, role)) == [member]
        (row,) = found
        assert not row._state.adding
        assert abs(row.read_at - timezone.now()) < timedelta(minutes=1)  # type: ignore[attr-defined]
        with CaptureQueriesContext(connection) as more:
            assert (row.project.slug, row.user.email) == (project.slug, member.user.email)  # type: ignore[union-attr]
            assert (row.key, row.pseudonym, row.disabled_at) == (member.key, member.pseudonym, None)
        assert not more.captured_queries


def test_other_values_find_other_rows(project: Project, reviewer: Member) -> None:
    elsewhere = make.project("elsewhere")
    assert members.first(project=elsewhere.pk, role="reviewer") is None
    assert members.first(project=project.pk, role="reviewer") == reviewer
    assert members.first(project=project.pk, role="moderator") is None
    reviewer.change(role="moderator")
    assert members.first(project=project.pk, role="moderator") == reviewer


def test_a_session_is_over_when_its_time_is(db: None) -> None:
    store = SessionStore()
    store["who"] = "me"
    store.save()
    for _ in range(7):  # more often than PostgreSQL plans a statement anew
        assert SessionStore(store.session_key)["who"] == "me"
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    later = SessionStore(store.session_key)
    assert "who" not in later
    assert later.session_key is None


@pytest.mark.postgres
def test_a_plan_is_kept() -> None:
    sql = "SELECT %(number)s::int + 1 -- kept"
    for number in range(7):
        assert fetch(sql, {"number": number}) == [(number + 1,)]
    kept = fetch("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%-- kept"])
    assert kept == [(1,)]


@pytest.mark.postgres
def test_who_looks_on_sees_the_statement_with_its_values() -> None:
    for number in range(7):
        fetch("SELECT %s::int -- seen", [number])
    with CaptureQueriesContext(connection) as seen:
        assert fetch("SELECT %s::int -- seen", [8]) == [(8,)]
    assert [row["sql"] for row in seen] == ["SELECT 8::int -- seen"]


@pytest.mark.postgres
def test_refusals_are_djangos() -> None:
    for _ in range(2):
        with pytest.raises(DataError), transaction.atomic():
            fetch("SELECT 1 / %(number)s::int", {"number": 0})
    assert fetch("SELECT %s::int", [3]) == [(3,)]
