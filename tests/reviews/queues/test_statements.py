"""How many statements each request of a reviewer's turn takes: exactly, so that a page neither grows nor lies.

BEGIN, COMMIT and savepoints are not counted. Of those counted, two tell who is there (the session; the person with
their memberships), or one for a program (its key). The rest is the turn itself and what is shown.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.accounts.models import Member, Project
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Queue
from reviews.queues.submit import skip
from tests import make

pytestmark = pytest.mark.django_db
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
MARK = {"start": 0, "end": 6, "quote": "Answer", "kind": "unsupported", "severity": "minor"}


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=2, grace_seconds=60)
    make.items(queue, 8)
    return queue


@pytest.fixture
def warm(queue: Queue, desk: Any) -> Any:
    """Fronts are there, and the process knows the rubric: as for everybody but the first."""
    desk.submit(desk.take(queue), htmx=True)
    desk.get("review", key=queue.key)
    return desk


@pytest.fixture
def program(reviewer: Member, queue: Queue) -> Client:
    key = make.api_key(queue.project, "review", member=reviewer)
    client = Client(headers={"Authorization": f"Bearer {key}"})
    client.post(reverse("api:queue-claim", args=[queue.key]))  # it has been used this minute
    return client


def taken(ask: Callable[[], Any], status: int) -> tuple[int, list[str]]:
    with CaptureQueriesContext(connection) as said:
        assert ask().status_code == status
    sent = [entry["sql"] for entry in said.captured_queries if not entry["sql"].startswith(FRAME)]
    return len(sent), sent


def held(queue: Queue) -> Assignment:
    return Assignment.objects.live().select_related("queue", "reviewer").get(queue=queue)


def on(postgresql: int, sqlite: int) -> int:
    return postgresql if connection.vendor == "postgresql" else sqlite


def test_the_page_claims(queue: Queue, warm: Any) -> None:
    turn = held(queue)
    skip(turn.token, turn.reviewer, "other")
    n, sent = taken(lambda: warm.post("claim", key=queue.key), 303)
    assert n == 2 + on(3, 15), sent


def test_the_page_shows_what_is_held(queue: Queue, warm: Any) -> None:
    n, sent = taken(lambda: warm.get("review", key=queue.key), 200)
    assert n == 2 + on(5, 6), sent


def test_the_page_submits_and_shows_the_next(queue: Queue, warm: Any) -> None:
    n, sent = taken(lambda: warm.submit(held(queue), htmx=True), 200)
    assert n - 1 == 2 + on(8, 22), sent  # one for `held` itself


def test_marks_and_a_rewrite_take_one_more(queue: Queue, warm: Any) -> None:
    turn = held(queue)
    marks = json.dumps([{**MARK, "response": turn.shown_order[0]}])
    n, sent = taken(lambda: warm.submit(turn, htmx=True, spans=marks), 200)
    assert n == 2 + on(9, 24), sent


def test_a_program_claims(queue: Queue, program: Client, reviewer: Member) -> None:
    skip(held(queue).token, reviewer, "other")
    n, sent = taken(lambda: program.post(reverse("api:queue-claim", args=[queue.key])), 201)
    assert n == 1 + on(4, 17), sent


@pytest.mark.parametrize(("wants_next", "postgresql", "sqlite"), [(False, 4, 7), (True, 7, 21)])
def test_a_program_submits(queue: Queue, program: Client, wants_next: bool, postgresql: int, sqlite: int) -> None:
    address = reverse("api:assignment-submit", args=[held(queue).token])
    body = {"submission_id": str(uuid.uuid4()), "answers": make.ANSWERS, "next": wants_next}
    n, sent = taken(lambda: program.post(address, json.dumps(body), "application/json"), 200)
    assert n == 1 + on(postgresql, sqlite), sent


def test_a_new_claim_is_two_and_the_same_one_again_four(queue: Queue, warm: Any, reviewer: Member) -> None:
    turn = held(queue)
    skip(turn.token, reviewer, "other")
    for postgresql, sqlite in ((2, 14), (4, 4)):
        with CaptureQueriesContext(connection) as said:
            assert claim(queue, reviewer)
        sent = [entry["sql"] for entry in said.captured_queries if not entry["sql"].startswith(FRAME)]
        assert len(sent) == on(postgresql, sqlite), sent
