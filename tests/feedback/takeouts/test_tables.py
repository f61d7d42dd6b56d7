"""Which tables are taken out, and that no secret is."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import models

from feedback.accounts.models import Project
from feedback.takeouts.tables import CONFIDENTIAL, KEPT, LEFT_OUT, OURS, is_taken, path_to_project, tables

SECRET = re.compile(r"salt|digest|token$|password|secret|session_key|private")
# Of nobody's project, or of several.
NOT_TAKEN = {"accounts.signinlink", "digests.digestday", "digests.digestwish", "monitoring.workerbeat"}


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith(OURS)]


def test_every_table_of_ours_is_taken_out_or_listed_here() -> None:
    taken = {table.label for table in tables()}
    assert {model._meta.label_lower for model in ours()} - taken == NOT_TAKEN


def test_tables_of_other_houses_are_not() -> None:
    taken = {table.label for table in tables()}
    assert not taken & {"sessions.session", "mfa.authenticator", "usersessions.usersession", "account.emailaddress"}


def test_no_column_that_looks_like_a_secret_is_taken() -> None:
    found = [f"{table.label}.{name}" for table in tables() for name in table.columns if SECRET.search(name)]
    assert [name for name in found if not name.endswith("_tokens")] == []


def test_every_column_that_no_form_may_hold_is_listed() -> None:
    unknown = {
        f"{table.label}.{field.name}"
        for table in tables()
        for field in table.model._meta.concrete_fields
        if not (field.editable or field.primary_key or isinstance(field, models.DateField))
        and field.name not in LEFT_OUT | KEPT
        and f"{table.label}.{field.name}" not in CONFIDENTIAL
    }
    assert unknown == set(), "Say in feedback/takeouts/tables.py whether each is a secret (LEFT_OUT) or not (KEPT)."


def test_of_people_little_is_known() -> None:
    columns = {table.label: table.columns for table in tables()}
    assert columns["accounts.user"] == ["id", "email", "name", "key"]
    assert "salt" not in columns["accounts.project"]
    assert "digest" not in columns["accounts.apikey"]
    assert "token" not in columns["queues.assignment"]


def test_rows_without_a_project_belong_by_the_shortest_way() -> None:
    paths = {table.label: table.path for table in tables()}
    assert paths["responses.responsebody"] == "response__project"
    assert paths["audit.auditseal"] == "event__project"
    assert paths["responses.response"] == "project"


def test_a_column_nobody_listed_is_left_out() -> None:
    field = models.CharField(max_length=9, editable=False)
    field.name = "new_thing"
    assert not is_taken(Project, field)
    assert path_to_project(Project._meta.get_field("slug").model) is None
