"""A reviewer at the page: what their browser sends, with and without htmx."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member
from reviews.queues.models import Assignment, Queue
from tests import make

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}


class Desk:
    """`desk.get("work")`, `desk.post("claim", key=…)`; `htmx=True` asks for the fragment."""

    def __init__(self, member: Member) -> None:
        self.member, self.client = member, make.SignedIn(member)

    def url(self, route: str, **where: Any) -> str:
        return reverse(f"queues:{route}", kwargs={"project": self.member.project.slug, **where})

    def get(self, route: str, *, htmx: bool = False, query: str = "", **where: Any) -> Any:
        return self.client.get(self.url(route, **where) + query, headers=HTMX if htmx else {})

    def post(self, route: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **where: Any) -> Any:
        return self.client.post(self.url(route, **where), data or {}, headers=HTMX if htmx else {})

    def take(self, queue: Queue) -> Assignment:
        """Claim by the page; the assignment that is on the desk then."""
        assert self.post("claim", key=queue.key).status_code == 303
        return Assignment.objects.live().get(queue=queue, reviewer=self.member)

    def submit(self, assignment: Assignment, *, htmx: bool = False, **fields: Any) -> Any:
        return self.post("submit", posted(assignment, **fields), htmx=htmx, key=assignment.queue.key)


def posted(assignment: Assignment, **fields: Any) -> dict[str, Any]:
    """The review form filled in, for make.DEFAULT_CRITERIA; `fields` say what differs."""
    return {
        "token": str(assignment.token),
        "submission_id": str(uuid.uuid4()),
        "active_ms": "1500",
        "spans": "[]",
        "q-grounded": "yes",
        "q-helpful": "4",
        **fields,
    }


@pytest.fixture
def desk(reviewer: Member) -> Desk:
    return Desk(reviewer)


@pytest.fixture
def desk_of() -> type[Desk]:
    return Desk


@pytest.fixture
def form_data() -> Any:
    return posted


@pytest.fixture
def stranger(outsider: Member) -> Client:
    return make.SignedIn(outsider)
