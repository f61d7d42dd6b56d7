"""Ranking at the desk: selects that work without scripts, drafts that come back as they were, answers as tiers."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.record import answers_of
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from feedback.rubrics.ready import RANKED_CRITERIA
from reviews.queues.models import Assignment, Queue
from reviews.queues.ranking import places_of, tiers_of
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, subject_size=4, criteria=make.ranking_criteria(4), k=1, grace_seconds=600)
    make.items(queue)
    return queue


def places(*given: str) -> dict[str, str]:
    """The selects, in the order in which the responses are shown."""
    return {f"q-order-{index}": place for index, place in enumerate(given)}


def ranked(desk: Any, queue: Queue) -> Assignment:
    held: Assignment = desk.take(queue)
    assert desk.submit(held, **places("2", "1", "2", "4")).status_code == 303
    held.refresh_from_db()
    return held


def test_the_page_has_a_list_of_places_for_each_response(queue: Queue, desk: Any) -> None:
    desk.take(queue)
    page = desk.get("review", key=queue.key).text
    for index, name in enumerate(("Response 1", "Response 2", "Response 3", "Response 4")):
        assert f'<select name="q-order-{index}"' in page
        assert f"{name} <kbd " in page
    assert 'class="desk many"' in page
    assert page.count('<option value="4">Place 4</option>') == 4


def test_places_become_tiers_of_the_responses_shown_there(queue: Queue, desk: Any) -> None:
    held = ranked(desk, queue)
    first, second, third, fourth = held.shown_order
    assert held.review is not None
    assert answers_of(held.review)["order"] == [[second], sorted([first, third]), [fourth]]


def test_a_response_without_a_place_is_asked_for_and_the_rest_kept(queue: Queue, desk: Any) -> None:
    page = desk.submit(desk.take(queue), **places("1", "2", "", "3"))
    assert page.status_code == 422
    assert "Give every response a place; 1 of 4 still needs one." in page.text
    assert page.text.count("selected>Place") == 3


@pytest.mark.parametrize("given", [("5", "1", "2", "3"), ("x", "1", "2", "3"), ("", "", "", "")])
def test_what_is_no_place_is_refused(queue: Queue, desk: Any, given: tuple[str, ...]) -> None:
    assert desk.submit(desk.take(queue), **places(*given)).status_code == 422


def test_shared_places_are_refused_where_each_has_its_own(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=3, criteria=make.ranking_criteria(3, ties=False))
    make.items(queue)
    page = desk.submit(desk.take(queue), **places("1", "1", "2"))
    assert (page.status_code, "Each response has a place of its own here." in page.text) == (422, True)


def test_half_a_ranking_is_a_draft_that_comes_back_as_it_was(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    fields = {"token": held.token, "submission_id": uuid.uuid4(), **places("", "3", "", "1")}
    assert desk.post("draft", fields, key=queue.key).status_code == 200
    held.refresh_from_db()
    assert held.draft["order"] == [[held.shown_order[3]], [], [held.shown_order[1]]]
    form = desk.get("review", key=queue.key).context["form"]
    assert form["q-order"].value() == [None, 3, None, 1]


@pytest.mark.parametrize("draft", ["x", {"a": 1}, [["9"], 7, None], [[[1]]], [[], [], [], [], [], [1]]])
def test_any_draft_of_a_program_opens(queue: Queue, desk: Any, draft: Any) -> None:
    Assignment.objects.filter(pk=desk.take(queue).pk).update(draft={"order": draft})
    assert desk.get("review", key=queue.key).status_code == 200


def test_places_and_tiers_are_two_ways_to_say_the_same() -> None:
    assert tiers_of([2, None, 2, 1], [10, 11, 12, 13]) == [[13], [10, 12]]
    assert places_of([[13], [10, 12]], [10, 11, 12, 13]) == [2, None, 2, 1]
    assert tiers_of([None, None], [10, 11]) is None


def test_ones_own_past_tells_the_order(queue: Queue, desk: Any) -> None:
    held = ranked(desk, queue)
    assert "1: Response 2; 2: Response 1 and Response 3; 3: Response 4" in desk.get("turn", token=held.token).text
    assert "Best first?: 4 ranked" in desk.get("history").text


def test_the_preview_is_the_control(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="Ranked")
    publish(rubric, RANKED_CRITERIA)
    url = reverse("queues:rubric-preview", kwargs={"project": curator.project.slug, "pk": rubric.pk})
    assert client_of(curator).get(url).text.count("No place yet") == 4


def test_a_program_ranks_too(queue: Queue, reviewer: Member) -> None:
    key = make.api_key(queue.project, "review", member=reviewer)
    program = Client(headers={"Authorization": f"Bearer {key}"})
    claimed = program.post(reverse("api:queue-claim", kwargs={"key": queue.key})).json()
    assert claimed["item"]["criteria"][0]["options"] == {"responses": 4, "ties": True}
    ids = [row["id"] for row in claimed["item"]["responses"]]
    address = reverse("api:assignment-submit", kwargs={"token": claimed["token"]})
    for order, status, pointer in (([ids[:1], ids[1:3]], 422, "/order"), ([ids[:1], ids[1:]], 200, "")):
        body = {"submission_id": str(uuid.uuid4()), "answers": {"order": order}}
        answer = program.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.text
        assert pointer in answer.text
