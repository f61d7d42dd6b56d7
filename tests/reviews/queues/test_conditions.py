"""Choices of several, and questions that follow from answers: from the desk to the verdict."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Rating, Review, Verdict
from feedback.judgements.record import answers_of
from feedback.judgements.refusal import AnswersRefused
from feedback.text.hashes import digest
from reviews.quality.adjudicate import adjudicate
from reviews.quality.settle import settle_complete_items
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Item, Queue
from tests import make

pytestmark = pytest.mark.django_db
CHOICES = [{"value": v, "label": label} for v, label in (("tone", "Tone"), ("facts", "Facts"), ("form", "Form"))]
CRITERIA: list[dict[str, Any]] = [
    {"key": "wrong", "kind": "yes_no", "label": "Is anything wrong?", "fails_when": {"values": ["yes"]}},
    {
        "key": "what", "kind": "multi_choice", "label": "What is wrong?", "options": {"choices": CHOICES},
        "asked_when": {"criterion": "wrong", "values": ["yes"]},
    },
    {
        "key": "why", "kind": "text", "label": "Which facts?",
        "asked_when": {"criterion": "what", "values": ["facts"]},
    },
]  # fmt: skip


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, criteria=CRITERIA, k=2)
    add_items(queue, [make.subject(make.response(project)).pk])
    return queue


@pytest.fixture
def held(queue: Queue, desk: Any) -> Assignment:
    held: Assignment = desk.take(queue)
    return held


def test_the_page_says_when_a_question_is_asked(queue: Queue, held: Assignment, desk: Any) -> None:
    page = desk.get("review", key=queue.key).text
    assert "Asked only if “Is anything wrong?” is Yes." in page
    assert "Asked only if “What is wrong?” has Facts." in page
    assert page.count("data-asked-when=") == 2
    assert "&quot;criterion&quot;: &quot;wrong&quot;" in page
    assert page.count('type="checkbox" name="q-what"') == 3
    assert "Choose 1 or more." in page


def test_several_are_sent_stored_and_read_back(queue: Queue, held: Assignment, desk: Any, form_data: Any) -> None:
    answers = {"q-wrong": "yes", "q-what": ["facts", "tone"], "q-why": "The date."}
    assert desk.post("submit", form_data(held, **answers), key=queue.key).status_code == 303
    review = Review.objects.get()
    assert answers_of(review) == {"wrong": "yes", "what": ["tone", "facts"], "why": "The date."}
    assert digest(answers_of(review)) == review.digest
    assert Rating.objects.get(criterion__key="what").chosen == ["tone", "facts"]


def test_without_scripts_what_was_not_asked_is_left_out(
    queue: Queue, held: Assignment, desk: Any, form_data: Any
) -> None:
    answers = {"q-wrong": "no", "q-what": ["facts"], "q-why": "The date."}
    assert desk.post("submit", form_data(held, **answers), key=queue.key).status_code == 303
    assert answers_of(Review.objects.get()) == {"wrong": "no"}


def test_what_is_asked_needs_its_answer(queue: Queue, held: Assignment, desk: Any, form_data: Any) -> None:
    page = desk.post("submit", form_data(held, **{"q-wrong": "yes"}), key=queue.key)
    assert page.status_code == 422
    assert page.context["form"].errors == {"q-what": ["This question needs an answer."]}


def test_a_draft_brings_the_ticks_back(queue: Queue, held: Assignment, desk: Any, form_data: Any) -> None:
    desk.post("draft", form_data(held, **{"q-wrong": "yes", "q-what": ["form"]}), key=queue.key)
    page = desk.get("review", key=queue.key).text
    assert 'value="form" id="id_q-what_2" checked' in page.replace("  ", " ")


@pytest.fixture
def disputed(queue: Queue, reviewer: Member, other_reviewer: Member) -> Item:
    subject = Item.objects.get().subject
    make.counted(queue, subject, reviewer, {"wrong": "yes", "what": ["facts"], "why": "A."})
    make.counted(queue, subject, other_reviewer, {"wrong": "no"})
    queue.places.filter(state="open").delete()
    Item.objects.update(state="complete", settle_after=None)
    settle_complete_items()
    return Item.objects.select_related("queue").get(state=Item.State.UNRESOLVED)


@pytest.mark.parametrize(("decision", "what"), [("yes", ["facts"]), ("no", None)])
def test_a_decision_settles_what_follows_from_it(disputed: Item, moderator: Member, decision: str, what: Any) -> None:
    verdict = adjudicate(disputed, moderator, {"wrong": decision}, "I looked.")
    assert verdict.answers["what"]["value"] == what
    assert verdict.answers["what"].get("asked") is (None if what else False)
    assert verdict.is_failure is (decision == "yes")


def test_a_moderator_decides_on_a_set(
    queue: Queue, reviewer: Member, other_reviewer: Member, moderator: Member, client_of: Any
) -> None:
    subject = make.subject(make.response(queue.project))
    for member, what in ((reviewer, ["tone"]), (other_reviewer, ["form"])):
        make.counted(queue, subject, member, {"wrong": "yes", "what": what})
    settle_complete_items()
    item = Item.objects.get(state=Item.State.UNRESOLVED)
    with pytest.raises(AnswersRefused):
        adjudicate(item, moderator, {}, "I looked.")
    address = reverse("quality:settle", args=[queue.project.slug, item.pk])
    page = client_of(moderator).get(address)
    assert "Tone 1" in page.text
    done = client_of(moderator).post(address, {"q-what": ["tone", "form"], "why-what": "Both."})
    assert done.status_code == 303
    answer = Verdict.objects.get().answers["what"]
    assert (answer["value"], answer["share"], answer["adjudicated"]) == (["tone", "form"], 0.5, True)
