"""A settled item, a dispute, and a moderator's browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Assignment, Item
from tests import make

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}


class Pages:
    """`pages.get("item-detail", pk=…)`; `htmx=True` asks for the fragment."""

    def __init__(self, member: Member, room: str = "moderation") -> None:
        self.member, self.room, self.client = member, room, make.SignedIn(member)

    def url(self, route: str, **where: Any) -> str:
        return reverse(f"{self.room}:{route}", kwargs={"project": self.member.project.slug, **where})

    def get(self, route: str, query: str = "", *, htmx: bool = False, **where: Any) -> Any:
        return self.client.get(self.url(route, **where) + query, headers=HTMX if htmx else {})

    def post(self, route: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **where: Any) -> Any:
        return self.client.post(self.url(route, **where), data or {}, headers=HTMX if htmx else {})


@pytest.fixture
def pages(moderator: Member) -> Pages:
    return Pages(moderator)


@pytest.fixture
def pages_of() -> type[Pages]:
    return Pages


def reviewed(project: Project, *answers: dict[str, Any], **fields: Any) -> Item:
    """An item with a review of each of these answers, by different people, settled or in dispute."""
    queue = fields.pop("queue", None) or make.queue(project, k=len(answers))
    subject = make.subject(make.response(project, **fields))
    for number, answer in enumerate(answers):
        make.counted(queue, subject, make.member(project, name=f"Person {number}"), answer)
    settle_complete_items()
    return Item.objects.select_related("queue__rubric_version", "subject", "project").get(queue=queue, subject=subject)


@pytest.fixture
def settled(project: Project) -> Item:
    return reviewed(project, GOOD, GOOD)


@pytest.fixture
def disputed(project: Project) -> Item:
    return reviewed(project, GOOD, BAD)


def turn_of(item: Item, at: int = 0) -> Assignment:
    return item.assignments.order_by("pk")[at]


def current(item: Item) -> Verdict | None:
    return Verdict.objects.current().filter(subject=item.subject).first()


@pytest.fixture
def of() -> Any:
    """Builders and questions of this room, for tests that take no imports from conftest."""

    class Of:
        item, turn, verdict = staticmethod(reviewed), staticmethod(turn_of), staticmethod(current)
        good, bad = GOOD, BAD

    return Of
