"""Questions about each turn at the desk: one choice for each, without scripts too; some of them are a draft."""

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
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db


def asked(project: Project, criteria: list[dict[str, Any]], **fields: Any) -> Queue:
    queue = make.queue(project, criteria=criteria, k=1, grace_seconds=600)
    add_items(queue, [make.subject(make.talk(project, **fields)).pk])
    return queue


@pytest.fixture
def queue(project: Project) -> Queue:
    return asked(project, make.turns_criteria())


def test_a_choice_for_each_turn_is_one_answer(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    page = desk.get("review", key=queue.key).text
    assert [page.count(f'name="q-turns.{turn}"') for turn in (1, 2, 3, 4, 5)] == [0, 0, 3, 0, 3]
    assert all(part in page for part in ('href="#turn-3"', 'id="turn-3"', 'href="#turn-5"', 'id="turn-5"'))
    assert desk.submit(held, **{"q-turns.3": "good", "q-turns.5": "bad"}).status_code == 303
    held.refresh_from_db()
    assert answers_of(held.review)["turns"] == {"3": "good", "5": "bad"}
    assert "turn 3: Good; turn 5: Bad" in desk.get("turn", token=held.token).text
    assert "How good is it?: 2 judged" in desk.get("history").text


def test_steps_are_the_tool_calls_of_the_whole_way(project: Project, desk: Any) -> None:
    queue = asked(project, make.turns_criteria("step"), body={"tool_calls": [make.CALL]})
    held = desk.take(queue)
    page = desk.get("review", key=queue.key).text
    assert all(f'href="#step-{step}"' in page and f'id="step-{step}"' in page for step in (1, 2, 3))
    assert desk.submit(held, **{f"q-turns.{step}": "good" for step in (1, 2, 3)}).status_code == 303


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"q-turns.3": "good"}, "Turn 5 needs an answer."),
        ({"q-turns.3": "good", "q-turns.5": "great"}, "Choose one of the answers shown."),
        ({}, "This question needs an answer."),
    ],
)
def test_what_is_no_answer_is_refused_beside_it(queue: Queue, desk: Any, given: dict[str, str], words: str) -> None:
    page = desk.submit(desk.take(queue), **given)
    assert (page.status_code, words in page.text) == (422, True)
    assert ('value="good" checked' in page.text) == bool(given)


def test_any_turn_is_enough_where_the_rubric_says_so(project: Project, desk: Any) -> None:
    held = desk.take(asked(project, make.turns_criteria(required_turns="any")))
    assert desk.submit(held, **{"q-turns.5": "fair"}).status_code == 303


def test_without_steps_nothing_is_asked(project: Project, desk: Any) -> None:
    queue = make.queue(project, criteria=make.turns_criteria("step"), k=1)
    make.items(queue)
    held = desk.take(queue)
    assert "nothing to judge one by one" in desk.get("review", key=queue.key).text
    assert desk.submit(held).status_code == 303


def test_a_draft_comes_back_as_it_was(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    fields = {"token": held.token, "submission_id": uuid.uuid4(), "q-turns.5": "fair"}
    assert desk.post("draft", fields, key=queue.key).status_code == 200
    page = desk.get("review", key=queue.key).text
    assert page.count(" checked") - page.count("data-wrapped data-key") == page.count("data-formatted") + 1
    assert 'name="q-turns.5" value="fair" checked' in page


@pytest.mark.parametrize("draft", ["x", ["3=good"], {"3": {}}, {"a": 1}, [[1]], 7])
def test_any_draft_of_a_program_opens(queue: Queue, desk: Any, draft: Any) -> None:
    Assignment.objects.filter(pk=desk.take(queue).pk).update(draft={"turns": draft})
    assert desk.get("review", key=queue.key).status_code == 200


def test_the_preview_has_samples(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="Turns")
    publish(rubric, make.turns_criteria())
    url = reverse("queues:rubric-preview", kwargs={"project": curator.project.slug, "pk": rubric.pk})
    page = client_of(curator).get(url).text
    assert [page.count(f'name="q-turns.{turn}"') for turn in (1, 2)] == [3, 3]


def test_a_program_names_turns_by_their_place(queue: Queue) -> None:
    key = make.api_key(queue.project, "review", member=make.member(queue.project))
    program = Client(headers={"Authorization": f"Bearer {key}"})
    claimed = program.post(reverse("api:queue-claim", kwargs={"key": queue.key})).json()
    spoken = [place for place, one in enumerate(claimed["item"]["conversation"], 1) if one["role"] == "assistant"]
    assert spoken == [3]
    address = reverse("api:assignment-submit", kwargs={"token": claimed["token"]})
    for given, status in (({"3": "good", "4": "good"}, 422), ({"3": "good", "5": "bad"}, 200)):
        body = {"submission_id": str(uuid.uuid4()), "answers": {"turns": given}}
        answer = program.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.text
        if status == 422:
            assert {error["pointer"] for error in answer.json()["errors"]} == {"/turns/4", "/turns/5"}
