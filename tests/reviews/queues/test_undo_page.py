"""Undo by the page: from the desk in place, from the history by a plain form, and too late."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=1, grace_seconds=60)
    make.items(queue, 2)
    return queue


@pytest.fixture
def done(queue: Queue, desk: Any) -> Assignment:
    """A submitted review, with the next item on the desk."""
    held: Assignment = desk.take(queue)
    desk.submit(held, **{"q-helpful": "2"})
    return held


def test_it_puts_the_answers_back_on_the_desk(queue: Queue, done: Assignment, desk: Any) -> None:
    answer = desk.post("undo", htmx=True, token=done.token)
    assert answer.status_code == 200
    assert answer.context["assignment"] == done
    assert answer.context["form"]["q-helpful"].value() == "2"
    assert b'id="item"' in answer.content


def test_without_htmx_it_leads_to_the_desk_with_the_same_item(queue: Queue, done: Assignment, desk: Any) -> None:
    answer = desk.post("undo", token=done.token)
    assert (answer.status_code, answer["Location"]) == (303, desk.url("review", key=queue.key))
    assert desk.get("review", key=queue.key).context["assignment"] == done


def test_what_was_undone_is_submitted_as_the_next_revision(queue: Queue, done: Assignment, desk: Any) -> None:
    desk.post("undo", token=done.token)
    answer = desk.submit(done, htmx=True, **{"q-helpful": "5"})
    assert answer.status_code == 200
    assert Review.objects.get(withdrawn_at=None).revision == 2
    assert answer.context["assignment"] != done


def test_the_button_names_its_review_so_that_a_late_repeat_harms_nothing(
    queue: Queue, done: Assignment, desk: Any
) -> None:
    stale = desk.get("review", key=queue.key).context["undo_url"]
    assert f"review={Review.objects.get().pk}" in stale
    assert desk.client.post(stale).status_code == 303
    desk.submit(done, **{"q-helpful": "5"})
    assert desk.client.post(stale, headers={"HX-Request": "true"}).status_code == 204
    assert Review.objects.get(withdrawn_at=None).revision == 2


def test_too_late_leaves_the_desk_as_it_is_and_says_so(queue: Queue, done: Assignment, desk: Any) -> None:
    Queue.objects.filter(pk=queue.pk).update(grace_seconds=0)
    answer = desk.post("undo", htmx=True, token=done.token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "can no longer be undone" in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_too_late_without_htmx_leads_to_the_history(queue: Queue, done: Assignment, desk: Any) -> None:
    Queue.objects.filter(pk=queue.pk).update(grace_seconds=0)
    answer = desk.post("undo", token=done.token)
    assert (answer.status_code, answer["Location"]) == (303, desk.url("history"))
    assert b"can no longer be undone" in desk.get("history").content


def test_an_undo_sent_twice_shows_the_item_again(queue: Queue, done: Assignment, desk: Any) -> None:
    desk.post("undo", token=done.token)
    again = desk.post("undo", htmx=True, token=done.token)
    assert again.status_code == 200
    assert str(done.token) in again.text
    assert Assignment.objects.get(pk=done.pk).state == "claimed"


def test_only_its_reviewer_undoes_a_review(
    queue: Queue, done: Assignment, desk: Any, desk_of: Any, other_reviewer: Any, stranger: Client
) -> None:
    assert desk_of(other_reviewer).post("undo", token=done.token).status_code == 404
    assert stranger.post(desk.url("undo", token=done.token)).status_code == 404
    assert desk.get("undo", token=done.token).status_code == 405
    assert Assignment.objects.get(pk=done.pk).state == "submitted"


def test_the_last_three_are_taken_back_one_after_another(queue: Queue, desk: Any) -> None:
    """By the same button each time; what is on the desk meanwhile stays held, and everything is audited."""
    make.items(queue, 2)
    turns = []
    for number in range(3):
        turns.append(desk.take(queue))
        desk.submit(turns[-1], **{"q-helpful": str(number + 1)})
    following = desk.take(queue)
    for turn, number in zip(reversed(turns), (3, 2, 1), strict=True):
        undo_url = desk.get("review", key=queue.key).context["undo_url"]
        assert str(turn.token) in undo_url
        answer = desk.client.post(undo_url, headers={"HX-Request": "true"})
        assert answer.context["assignment"] == turn
        assert answer.context["form"]["q-helpful"].value() == str(number)
    assert AuditEvent.objects.filter(verb="review-undone").count() == 3
    assert Assignment.objects.live().count() == 4
    assert not Review.objects.filter(withdrawn_at=None).exists()
    for turn in turns:
        desk.submit(turn)
    assert desk.get("review", key=queue.key).context["assignment"] == following
    assert Review.objects.filter(withdrawn_at=None, revision=2).count() == 3


def test_each_that_can_be_undone_is_listed_in_my_reviews(queue: Queue, done: Assignment, desk: Any) -> None:
    second = desk.take(queue)
    desk.submit(second)
    listed = [row["undo_url"] for row in desk.get("history").context["rows"]]
    assert [str(second.token) in listed[0], str(done.token) in listed[1]] == [True, True]
