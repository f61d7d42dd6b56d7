"""Escalations over REST, for programs of moderators: whose turn it is, what was said, by whom under a pseudonym."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from reviews.queues.escalate import close, raise_escalation, say
from reviews.queues.models import Escalation
from tests import make, world

LIST = "/api/v1/escalations/"


@pytest.fixture
def program(project: Project) -> Client:
    return make.program(project, "escalations:read")


@pytest.fixture
def asked(project: Project, reviewer: Member, moderator: Member) -> dict[str, Escalation]:
    """One in each state."""
    found = {state: world.escalation(project, make.member(project)) for state in ("open", "answered", "closed")}
    for state in ("answered", "closed"):
        say(found[state], moderator, "By the sources alone.")
    close(found["closed"], moderator)
    return found


def listed(program: Client, **filters: Any) -> list[dict[str, Any]]:
    answer = program.get(LIST, filters)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def test_they_are_listed_with_whose_turn_it_is(
    program: Client, asked: dict[str, Escalation], moderator: Member, django_assert_max_num_queries: Any
) -> None:
    listed(program)
    with django_assert_max_num_queries(3):
        rows = listed(program)
    assert [row["state"] for row in rows] == ["closed", "answered", "open"]
    mine = asked["closed"]
    assert {name: rows[0][name] for name in ("id", "item", "queue", "reviewer", "skill", "closed_by")} == {
        "id": mine.pk, "item": mine.item_id, "queue": mine.item.queue.key, "reviewer": mine.raised_by.pseudonym,
        "skill": "", "closed_by": moderator.pseudonym,
    }  # fmt: skip
    assert rows[2]["closed_at"] is None
    assert rows[1]["last_said_at"] > rows[1]["created_at"]


def test_filters_narrow_them(program: Client, asked: dict[str, Escalation], project: Project) -> None:
    for state, row in asked.items():
        assert [one["id"] for one in listed(program, state=state)] == [row.pk]
    dose = raise_escalation(world.assignment(project, make.member(project)), "Is this dose right?", "Medicine")
    assert [one["id"] for one in listed(program, skill="medicine")] == [dose.pk]
    assert [one["id"] for one in listed(program, item=dose.item_id)] == [dose.pk]
    assert [one["id"] for one in listed(program, queue=dose.item.queue.key, state="open")] == [dose.pk]
    assert listed(program, queue="nowhere") == []


@pytest.mark.parametrize(
    "query", ["state=others", "item=x", "item=0", "stat=open", "state=", "state=open&state=closed"]
)
def test_a_filter_that_cannot_be_read_is_refused(program: Client, query: str) -> None:
    answer = program.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_one_has_its_conversation_and_names_nobody(
    program: Client, asked: dict[str, Escalation], moderator: Member, django_assert_max_num_queries: Any
) -> None:
    one, here = asked["answered"], reverse("api:escalation-detail", args=[asked["answered"].pk])
    program.get(here)
    with django_assert_max_num_queries(5):
        answer = program.get(here)
    found = answer.json()
    said = [(row["author"], row["is_reviewer"], row["text"]) for row in found["messages"]]
    assert said == [
        (one.raised_by.pseudonym, True, "Is this ours to judge?"),
        (moderator.pseudonym, False, "By the sources alone."),
    ]
    assert found["state"] == "answered"
    for person in (one.raised_by, moderator):
        assert str(person) not in answer.text
        assert person.user is not None
        assert person.user.email not in answer.text
    assert program.get(here, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_they_come_in_pages(program: Client, asked: dict[str, Escalation]) -> None:
    first = program.get(LIST, {"page_size": 2}).json()
    assert [row["id"] for row in first["results"]] == [asked["closed"].pk, asked["answered"].pk]
    second = program.get(first["next"]).json()
    assert ([row["id"] for row in second["results"]], second["next"]) == ([asked["open"].pk], None)


def test_they_are_for_moderators_and_their_scope(
    project: Project, asked: dict[str, Escalation], moderator: Member, curator: Member
) -> None:
    for where in (LIST, reverse("api:escalation-detail", args=[asked["open"].pk])):
        for scope in ("reviews:read", "review", "queues:write"):
            assert make.program(project, scope).get(where).status_code == 403, scope
        assert make.program(project, "escalations:read", member=curator).get(where).status_code == 403
        assert make.program(project, "escalations:read", member=asked["open"].raised_by).get(where).status_code == 403
        assert make.program(project, "escalations:read", member=moderator).get(where).status_code == 200


def test_another_projects_are_not_there(other_project: Project, asked: dict[str, Escalation]) -> None:
    theirs = make.program(other_project, "escalations:read")
    assert listed(theirs) == []
    assert listed(theirs, item=asked["open"].item_id) == []
    assert theirs.get(reverse("api:escalation-detail", args=[asked["open"].pk])).status_code == 404
