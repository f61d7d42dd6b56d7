"""The best and the worst at the desk: two choices a response, without scripts too; half an answer is a draft."""

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
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, subject_size=4, criteria=make.best_worst_criteria(4), k=1, grace_seconds=600)
    make.items(queue)
    return queue


def ends(best: str, worst: str) -> dict[str, str]:
    return {"q-ends-best": best, "q-ends-worst": worst}


def test_two_choices_become_three_tiers_of_the_responses_shown_there(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    page = desk.get("review", key=queue.key).text
    assert page.count('name="q-ends-best"') == page.count('name="q-ends-worst"') == 4
    assert desk.submit(held, **ends("4", "2")).status_code == 303
    held.refresh_from_db()
    first, second, third, fourth = held.shown_order
    assert answers_of(held.review)["ends"] == [[fourth], sorted([first, third]), [second]]
    assert "best: Response 4; worst: Response 2" in desk.get("turn", token=held.token).text
    assert "Best and worst?: best and worst of 4" in desk.get("history").text


@pytest.mark.parametrize(
    ("best", "worst", "words"),
    [
        ("2", "2", "The best and the worst are two different responses."),
        ("2", "", "Name the best and the worst."),
        ("9", "1", "Choose one of the answers shown."),
        ("", "", "This question needs an answer."),
    ],
)
def test_what_is_no_answer_is_refused_beside_it(queue: Queue, desk: Any, best: str, worst: str, words: str) -> None:
    page = desk.submit(desk.take(queue), **ends(best, worst))
    assert (page.status_code, words in page.text) == (422, True)
    kept = page.context["form"]["q-ends"].value()
    assert best != "2" or kept[1] == ("both" if worst else "1")


@pytest.mark.parametrize("given", [("", "3"), ("1", ""), ("1", "3")])
def test_a_draft_comes_back_as_it_was(queue: Queue, desk: Any, given: tuple[str, str]) -> None:
    held = desk.take(queue)
    fields = {"token": held.token, "submission_id": uuid.uuid4(), **ends(*given)}
    assert desk.post("draft", fields, key=queue.key).status_code == 200
    page = desk.get("review", key=queue.key).text
    for name, number in zip(("best", "worst"), given, strict=True):
        checked = [n for n in "1234" if f'name="q-ends-{name}" value="{n}" checked' in page]
        assert checked == ([number] if number else [])


@pytest.mark.parametrize("draft", ["x", {"a": 1}, {"best": []}, {"best": {}, "worst": "x"}, [[["9"]], 7], [[1, 2]]])
def test_any_draft_of_a_program_opens(queue: Queue, desk: Any, draft: Any) -> None:
    Assignment.objects.filter(pk=desk.take(queue).pk).update(draft={"ends": draft})
    assert desk.get("review", key=queue.key).status_code == 200


def test_the_preview_is_the_control(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="Ends")
    publish(rubric, make.best_worst_criteria(3))
    url = reverse("queues:rubric-preview", kwargs={"project": curator.project.slug, "pk": rubric.pk})
    assert client_of(curator).get(url).text.count('name="q-ends-best"') == 3


def test_a_program_names_them(queue: Queue) -> None:
    key = make.api_key(queue.project, "review", member=make.member(queue.project))
    program = Client(headers={"Authorization": f"Bearer {key}"})
    claimed = program.post(reverse("api:queue-claim", kwargs={"key": queue.key})).json()
    one, *_, last = (row["id"] for row in claimed["item"]["responses"])
    address = reverse("api:assignment-submit", kwargs={"token": claimed["token"]})
    for given, status in (({"best": one, "worst": one}, 422), ({"best": one, "worst": last}, 200)):
        body = {"submission_id": str(uuid.uuid4()), "answers": {"ends": given}}
        answer = program.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.text
