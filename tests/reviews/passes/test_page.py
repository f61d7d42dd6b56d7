"""The page of a quick pass: what its cards show and hide, what it answers, what it refuses."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from feedback.responses.models import Response
from reviews.passes.cards import READABLE
from reviews.queues.items import add_items
from reviews.queues.models import Item, Queue
from tests import make, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, grace_seconds=600)


def page_of(queue: Queue, name: str = "cards", **kwargs: Any) -> str:
    return reverse(f"passes:{name}", kwargs={"project": queue.project.slug, "key": queue.key, **kwargs})


def sent(queue: Queue, items: list[Item], **fields: Any) -> dict[str, Any]:
    return {
        "item": [item.pk for item in items],
        "submission_id": str(uuid4()),
        "version": queue.rubric_version_id,
        "cards": 10,
        "q-grounded": "yes",
        "q-helpful": "4",
        **fields,
    }


def test_cards_show_what_the_desk_shows_and_no_model(queue: Queue, curator: Member) -> None:
    make.items(queue, 2)
    words = make.SignedIn(curator).get(page_of(queue)).content.decode()
    assert len(re.findall(r"data-card", words)) == 2
    assert "Answer 0." in words
    for response in Response.objects.select_related("model"):
        assert response.external_id not in words
        assert str(response.model) not in words


def test_chosen_cards_get_the_answer_and_it_can_be_undone(queue: Queue, curator: Member) -> None:
    rows, browser = make.items(queue, 3), make.SignedIn(curator)
    done = browser.post(page_of(queue), sent(queue, rows[:2]), follow=True).content.decode()
    assert "2 items have your answer." in done
    assert Review.objects.standing().count() == 2
    quick = curator.passes.get()
    undone = browser.post(reverse("passes:undo", args=[queue.project.slug, quick.pk]), follow=True).content.decode()
    assert "2 reviews were taken back." in undone
    assert Review.objects.standing().count() == 0


def test_what_is_missing_is_said_beside_it_and_nothing_is_lost(queue: Queue, curator: Member) -> None:
    rows, browser = make.items(queue, 2), make.SignedIn(curator)
    unanswered = browser.post(page_of(queue), sent(queue, rows[:1], **{"q-helpful": ""}))
    words = unanswered.content.decode()
    assert unanswered.status_code == 422
    assert "This question needs an answer." in words
    assert re.search(rf'value="{rows[0].pk}"[^>]* checked', words)
    assert not re.search(rf'value="{rows[1].pk}"[^>]* checked', words)
    assert re.search(r'value="yes"[^>]* checked', words)
    none = browser.post(page_of(queue), sent(queue, []))
    assert none.status_code == 422
    assert "Choose at least one card." in none.content.decode()
    assert Review.objects.count() == 0


def test_a_page_of_another_rubric_version_is_refused(queue: Queue, curator: Member) -> None:
    rows = make.items(queue, 1)
    answer = make.SignedIn(curator).post(page_of(queue), sent(queue, rows, version=queue.rubric_version_id + 1))
    assert answer.status_code == 409
    assert "another rubric version" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"takes_imports": True}, "Only queues that people review"),
        ({"subject_size": 2}, "one set at a time"),
        ({"state": "paused"}, "The queue is paused"),
        ({"is_restricted": True}, "for other people"),
    ],
)
def test_where_there_is_no_pass_the_page_says_why(
    project: Project, curator: Member, fields: dict[str, Any], why: str
) -> None:
    queue = make.queue(project, **fields)
    rows, browser = make.items(queue, 1), make.SignedIn(curator)
    assert why in browser.get(page_of(queue)).content.decode()
    browser.post(page_of(queue), sent(queue, rows))
    assert Review.objects.count() == 0


def test_a_question_for_each_item_by_itself_rules_a_pass_out(project: Project, curator: Member) -> None:
    criteria = [{**make.DEFAULT_CRITERIA[2], "is_required": True}]
    queue = make.queue(project, criteria=criteria)
    make.items(queue, 1)
    assert "must be answered for each item" in make.SignedIn(curator).get(page_of(queue)).content.decode()


def test_long_and_covered_texts_are_not_judged_at_a_glance(queue: Queue, curator: Member) -> None:
    long = make.subject(make.response(queue.project, "word " * (READABLE // 4), question="Long?"))
    add_items(queue, [long.pk])
    tagged = make.items(queue, 1)[0]
    Response.objects.filter(subject_parts__subject__items=tagged).update(tags=["graphic"])
    Project.objects.update(sensitive_tags=["graphic"])
    words = make.SignedIn(make.member(queue.project, "curator")).get(page_of(queue)).content.decode()
    assert "Too long to judge among others" in words
    assert "word word" not in words
    assert re.search(r"<details[^>]*covered[^>]*><summary>[^:]{,200}Marked graphic", words)


def test_what_was_asked_comes_when_it_is_opened(queue: Queue, curator: Member, outsider: Member) -> None:
    item = make.items(queue, 1)[0]
    question = Response.objects.get(subject_parts__subject__items=item).body.messages[-1]["content"]
    address = page_of(queue, "context", pk=item.pk)
    assert question in make.SignedIn(curator, HTTP_HX_REQUEST="true").get(address).content.decode()
    assert make.SignedIn(outsider).get(address).status_code == 404
    assert make.SignedIn(curator).get(page_of(queue, "context", pk=item.pk + 9)).status_code == 404


def test_a_pass_is_ones_own(project: Project, curator: Member) -> None:
    quick = world.quick_pass(project, curator)
    other = make.SignedIn(make.member(project, "curator"))
    assert other.post(reverse("passes:undo", args=[project.slug, quick.pk])).status_code == 404
    assert make.SignedIn(make.member(project)).get(page_of(quick.queue)).status_code == 403


def test_more_cards_take_no_more_statements(queue: Queue, curator: Member) -> None:
    browser, counts = make.SignedIn(curator), []
    browser.get(page_of(queue))
    for _ in range(2):
        make.items(queue, 5)
        with CaptureQueriesContext(connection) as asked:
            browser.get(page_of(queue))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 14
