"""Stopping for a while: what is there is saved, the item is kept for a shorter time, and going on brings it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from feedback.accounts.models import Member, Project
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Place, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=1, lease_seconds=3600)
    make.items(queue, 2)
    return queue


def pause(desk: Any, held: Assignment, form: dict[str, Any], **how: Any) -> Any:
    return desk.post("pause", form, key=held.queue.key, **how)


def test_it_saves_and_keeps_the_item_for_a_shorter_time(queue: Queue, desk: Any, form_data: Any) -> None:
    held = desk.take(queue)
    answer = pause(desk, held, form_data(held, **{"q-helpful": "2"}), htmx=True)
    assert (answer.status_code, answer.context["finished"]["title"]) == (200, "Paused")
    assert "for you for 14" in answer.text
    assert "<title>Paused: " in answer.text
    held.refresh_from_db()
    assert (held.state, held.draft["helpful"]) == ("claimed", 2)
    assert Place.objects.filter(assignment=held, lease_until__lte=Now() + timedelta(minutes=15)).exists()


def test_going_on_brings_it_back_for_a_full_lease(queue: Queue, desk: Any, form_data: Any) -> None:
    held = desk.take(queue)
    pause(desk, held, form_data(held), htmx=True)
    assert desk.take(queue) == held
    assert Place.objects.filter(assignment=held, lease_until__gt=Now() + timedelta(minutes=50)).exists()
    page = desk.get("review", key=queue.key)
    assert page.context["form"]["q-helpful"].value() == "4"


def test_without_htmx_it_leads_to_my_work_which_says_so(queue: Queue, desk: Any, form_data: Any) -> None:
    held = desk.take(queue)
    answer = pause(desk, held, form_data(held, **{"q-helpful": ""}))
    assert (answer.status_code, answer["Location"]) == (303, desk.url("work"))
    work = desk.get("work")
    assert "is saved" in work.text
    assert "Held for you" in work.text


def test_after_a_long_pause_others_may_have_it_and_the_draft_stays(
    queue: Queue, desk: Any, form_data: Any, other_reviewer: Member
) -> None:
    held = desk.take(queue)
    pause(desk, held, form_data(held), htmx=True)
    make.expired(held)
    taken = claim(queue, other_reviewer)
    assert taken is not None
    assert taken.item_id == held.item_id
    held.refresh_from_db()
    assert (held.state, held.draft["helpful"]) == ("claimed", 4)
    assert "Others may get the item" in pause(desk, held, form_data(held), htmx=True).text


def test_a_turn_that_has_ended_is_not_paused_and_what_was_typed_is_shown(
    queue: Queue, desk: Any, form_data: Any
) -> None:
    held = desk.take(queue)
    desk.submit(held)
    answer = pause(desk, held, form_data(held, **{"q-helpful": "1"}), htmx=True)
    assert answer.status_code == 409
    assert answer.context["form"]["q-helpful"].value() == "1"


def test_only_its_reviewer_pauses_it(
    queue: Queue, desk: Any, desk_of: Any, form_data: Any, other_reviewer: Member, stranger: Client
) -> None:
    held = desk.take(queue)
    assert pause(desk_of(other_reviewer), held, form_data(held)).status_code == 404
    assert stranger.post(desk.url("pause", key=queue.key), form_data(held)).status_code == 404
    assert desk.get("pause", key=queue.key).status_code == 405
