"""The audit log over REST: rows with opaque keys and links of the chain, for keys that were given that right."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.audit.chain import seal_batch
from feedback.audit.log import record
from feedback.audit.models import AuditSeal
from reviews.queues.models import Queue
from tests import make

LIST = "/api/v1/audit-entries/"


@pytest.fixture
def program(project: Project) -> Client:
    return make.program(project, "audit:read")


@pytest.fixture
def queue(project: Project, moderator: Member, admin: Member) -> Queue:
    """With three events about it and one of its items, two of them sealed."""
    queue = make.queue(project)
    record("queue-created", queue, actor=moderator, fields=["name", "k"])
    record("queue-changed", queue, actor=admin, before="0" * 64, after="1" * 64, k=3)
    seal_batch()
    record("item-settled", make.items(queue)[0], method="consensus")
    return queue


def listed(program: Client, **filters: Any) -> list[dict[str, Any]]:
    answer = program.get(LIST, filters)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def test_events_are_rows_with_keys_and_links(
    program: Client, queue: Queue, admin: Member, django_assert_max_num_queries: Any
) -> None:
    listed(program)
    with django_assert_max_num_queries(2):
        answer = program.get(LIST)
    newest, changed, created = answer.json()["results"][:3]
    assert (newest["verb"], newest["actor"], newest["seal"]) == ("item-settled", "system", None)
    assert (changed["actor"], changed["facts"], changed["after"]) == (str(admin.key), {"k": 3}, "1" * 64)
    assert (changed["object_type"], changed["object_id"]) == ("queues.queue", str(queue.pk))
    link = AuditSeal.objects.get(event=created["id"])
    assert created["seal"] == {"seq": link.seq, "hash": link.hash}
    assert admin.user is not None
    for words in (admin.user.name, admin.user.email, admin.pseudonym):
        assert words not in answer.text


@pytest.mark.parametrize(
    ("filters", "count"),
    [({"verb": "queue changed"}, 1), ({"verb": "item-settled"}, 1), ({"object_type": "queues.queue"}, 2),
     ({"actor": "system", "object_type": "queues.item"}, 1), ({"until": "2000-01-01"}, 0),
     ({"since": "2000-01-01", "verb": "queue-created"}, 1), ({"object_id": "0"}, 0)],
)  # fmt: skip
def test_filters_are_those_of_the_page(program: Client, queue: Queue, filters: dict[str, str], count: int) -> None:
    assert len(listed(program, **filters)) == count


@pytest.mark.parametrize("query", ["since=soon", "verbs=item-settled", "verb=", "actor=a&actor=b", "before=7"])
def test_a_filter_that_cannot_be_read_is_refused(program: Client, query: str) -> None:
    answer = program.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_they_come_in_pages(program: Client, queue: Queue) -> None:
    first = program.get(f"{LIST}?page_size=2&object_type=queues.queue").json()
    assert [row["verb"] for row in first["results"]] == ["queue-changed", "queue-created"]
    first = program.get(f"{LIST}?page_size=1&object_type=queues.queue").json()
    assert [row["verb"] for row in program.get(first["next"]).json()["results"]] == ["queue-created"]


def test_it_is_for_its_own_scope_and_role(project: Project, queue: Queue, moderator: Member, curator: Member) -> None:
    for scope in ("reviews:read", "responses:read", "webhooks:manage"):
        assert make.program(project, scope).get(LIST).status_code == 403, scope
    assert make.program(project, "audit:read", member=curator).get(LIST).status_code == 403
    assert make.program(project, "audit:read", member=moderator).get(LIST).status_code == 200


def test_other_projects_events_are_not_there(other_project: Project, queue: Queue) -> None:
    record("audit-checked", make.user(), wrong=0)  # of no project
    theirs = listed(make.program(other_project, "audit:read"))
    assert [row for row in theirs if row["object_type"] != "accounts.apikey"] == []
    assert listed(make.program(other_project, "audit:read"), object_type="queues.queue") == []
