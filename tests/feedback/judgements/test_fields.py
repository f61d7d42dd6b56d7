"""`fields=`: what is asked for is sent, and nothing else is read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Project
from feedback.accounts.sparse import known
from feedback.judgements.answer_api import SpanList, VoteList
from feedback.judgements.api import ReviewList, VerdictList
from tests import make, world

API = "/api/v1"
LISTS: dict[str, Any] = {"reviews": ReviewList, "verdicts": VerdictList, "votes": VoteList, "spans": SpanList}
EVERY = [(what, name) for what, view in LISTS.items() for name in known(view.serializer_class)]


@pytest.fixture
def program(project: Project) -> Client:
    world.judged(project, make.member(project, "admin"), world.material(project))
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"})


@pytest.mark.parametrize(("what", "name"), EVERY)
def test_each_field_comes_alone_as_it_comes_with_the_others(program: Client, what: str, name: str) -> None:
    whole = program.get(f"{API}/{what}/").json()["results"]
    with CaptureQueriesContext(connection) as asked:
        alone = program.get(f"{API}/{what}/", {"fields": name}).json()["results"]
    assert alone == [{name: row[name]} for row in whole]
    assert alone
    assert len(asked) <= 10


SELECT = re.compile(r"SELECT (.*?) FROM \"(\w+)\"", re.S)


def read(program: Client, path: str) -> dict[str, set[str]]:
    """Table -> the columns that the request read, of joined tables too."""
    with CaptureQueriesContext(connection) as asked:
        assert program.get(path).status_code == 200
    found: dict[str, set[str]] = {}
    for row in asked.captured_queries:
        for columns, _ in SELECT.findall(row["sql"]):
            for table, column in re.findall(r'"(\w+)"\."(\w+)"', columns):
                found.setdefault(table, set()).add(column)
    return {table: columns for table, columns in found.items() if not table.startswith("accounts_")}


@pytest.mark.parametrize(
    ("path", "tables"),
    [
        ("reviews/?fields=id,note", {"judgements_review": {"id", "note"}}),
        ("verdicts/?fields=method", {"judgements_verdict": {"id", "method"}}),
        ("spans/?fields=quote,start", {"judgements_span": {"id", "quote", "start"}}),
        (
            "votes/?fields=review",
            {name: {"id", "review_id", "criterion_id"} for name in ("judgements_rating", "judgements_comparison")},
        ),
    ],
)
def test_no_other_column_is_read(program: Client, path: str, tables: dict[str, set[str]]) -> None:
    assert read(program, f"{API}/{path}") == tables


@pytest.mark.parametrize("what", LISTS)
def test_a_name_that_is_not_known_is_answered_with_all_that_are(program: Client, what: str) -> None:
    answer = program.get(f"{API}/{what}/", {"fields": "subject,sujbect"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid")
    [error] = problem["errors"]
    assert error["pointer"] == "/fields"
    assert "'sujbect'" in error["detail"]
    assert ", ".join(known(LISTS[what].serializer_class)) in error["detail"]


@pytest.mark.parametrize("given", ["", ",", "subject,", "subject, queue", "Subject"])
def test_a_slip_in_the_names_is_refused(program: Client, given: str) -> None:
    assert program.get(f"{API}/reviews/", {"fields": given}).status_code == 400
    assert program.get(f"{API}/reviews/?fields=id&fields=note").status_code == 400


def test_the_next_page_has_the_same_fields(program: Client) -> None:
    page = program.get(f"{API}/reviews/?fields=digest&page_size=1").json()
    following = program.get(page["next"]).json()["results"]
    assert [list(row) for row in following] == [["digest"]]
    assert following != page["results"]


def test_a_list_without_a_choice_refuses_the_parameter(project: Project) -> None:
    key = make.api_key(project, "responses:read")
    assert Client(headers={"Authorization": f"Bearer {key}"}).get(f"{API}/responses/?fields=id").status_code == 400
