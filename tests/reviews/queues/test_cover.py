"""Texts with a sensitive tag are covered on the desk until they are asked for, and for that item alone."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from feedback.responses.models import Response
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project)
    make.items(queue, 2)
    Response.objects.update(tags=["v7", "graphic"])
    return queue


def is_covered(page: Any) -> bool:
    parts = page.text.count("inert data-covered")
    assert parts in {0, 2}  # the text, and the rewrite that begins with it
    assert (parts > 0) == ("Marked graphic</h2>" in page.text)
    return parts > 0


def show(desk: Any, held: Assignment, **asked: Any) -> Any:
    return desk.get("review", key=held.queue.key, query=f"?shown={asked.get('shown', held.pk)}")


def test_it_is_covered_until_it_is_asked_for(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    assert is_covered(desk.get("review", key=queue.key))
    assert not is_covered(show(desk, held))
    assert is_covered(show(desk, held, shown=held.pk + 1))


def test_sources_are_covered_too(project: Project, desk: Any) -> None:
    queue = make.queue(project)
    response = make.response(project, passages=["What it was given."], tags=["toxic"])
    add_items(queue, [make.subject(response).pk])
    desk.take(queue)
    assert 'class="panel sources" inert' in desk.get("review", key=queue.key).text


def test_a_refused_submit_leaves_it_shown_and_the_next_item_is_covered(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    refused = desk.submit(held, htmx=True, shown=held.pk, **{"q-helpful": ""})
    assert refused.status_code == 422
    assert not is_covered(refused)
    assert is_covered(desk.submit(held, htmx=True, shown=held.pk))


def test_what_the_project_does_not_call_sensitive_is_not_covered(queue: Queue, desk: Any) -> None:
    queue.project.sensitive_tags = ["toxic"]
    queue.project.save(update_fields=["sensitive_tags"])
    desk.take(queue)
    assert not is_covered(desk.get("review", key=queue.key))


def test_one_marked_response_covers_the_pair(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    item = make.items(queue)[0]
    Response.objects.filter(pk=item.subject.shown()[1].pk).update(tags=["toxic"])
    desk.take(queue)
    page = desk.get("review", key=queue.key).text
    assert page.count("inert data-covered") == 1
    assert "Marked toxic</h2>" in page
