"""A review as its reviewer left it: answers in words, marks in their places, what was rewritten."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from reviews.queues.desk import shown_answers
from reviews.queues.escalate import raise_escalation
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from reviews.queues.turn import preference
from tests import make

pytestmark = pytest.mark.django_db

OUTPUT, SOURCE = "Claims end after 60 days.", "Claims end after 30 days."


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=2, grace_seconds=600)
    add_items(queue, [make.subject(make.response(project, OUTPUT, question="How long?", passages=[SOURCE])).pk])
    return queue


def flag(assignment: Assignment) -> dict[str, Any]:
    (shown,) = assignment.item.subject.shown()
    proof = {"evidence": shown.passages.get().pk, "evidence_start": 17, "evidence_end": 24, "evidence_quote": "30 days"}
    return {
        "response": shown.pk, "start": 17, "end": 24, "quote": "60 days", "kind": "contradicted", "severity": "major",
        "note": "It is 30.", "text_hash": shown.output_hash, **proof,
    }  # fmt: skip


def submitted(queue: Queue, desk: Any) -> Assignment:
    assignment: Assignment = desk.take(queue)
    fields = {"q-grounded": "no", "spans": json.dumps([flag(assignment)]), "q-rewrite": SOURCE}
    assert desk.submit(assignment, **fields).status_code == 303
    return assignment


def test_it_tells_everything_in_words(queue: Queue, desk: Any) -> None:
    page = desk.get("turn", token=submitted(queue, desk).token)
    said = [(row["label"], row["words"]) for row in page.context["said"]]
    assert said == [("Grounded in the sources?", "No"), ("Helpfulness", "4 of 5")]
    html = page.content.decode()
    for words in ("Contradicted", "Major", "It is 30.", "How long?", "<del>60</del><ins>30</ins>"):
        assert words in html
    assert '<mark class="span contradicted" data-spans="1">60 days</mark>' in html
    assert '<mark class="span evidence" data-spans="1">30 days</mark>' in html


def test_a_skipped_item_shows_the_reason(queue: Queue, desk: Any) -> None:
    assignment = desk.take(queue)
    desk.post("skip", {"token": assignment.token, "reason": "language", "note": "Danish"}, key=queue.key)
    html = desk.get("turn", token=assignment.token).content.decode()
    assert "You skipped it: language." in html
    assert "Danish" in html


def test_a_side_of_a_pair_is_the_one_that_stood_there(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    make.items(queue)
    assignment = desk.take(queue)
    desk.submit(assignment, **{"q-better": "right_2", "q-why": "Shorter."})
    said = {row["label"]: row["words"] for row in desk.get("turn", token=assignment.token).context["said"]}
    assert "Right, much" in said.values()
    assert said["Why?"] == "Shorter."


def test_one_of_three_is_named_by_its_number(project: Project) -> None:
    shown = [make.response(project, f"Answer {n}.") for n in range(3)]
    given = {"outcome": "preferred", "preferred": shown[1].pk, "strength": 1}
    assert preference(given, shown) == "Response 2"
    assert [answer["label"] for answer in shown_answers(shown, shows_model=False)] == [
        "Response 1", "Response 2", "Response 3",
    ]  # fmt: skip


def test_undo_is_offered_while_it_lasts(queue: Queue, desk: Any) -> None:
    assignment = submitted(queue, desk)
    undo = desk.url("undo", token=assignment.token).encode()
    assert undo in desk.get("turn", token=assignment.token).content
    Queue.objects.update(grace_seconds=0)
    assert undo not in desk.get("turn", token=assignment.token).content


def test_what_was_asked_about_it_is_linked(queue: Queue, desk: Any) -> None:
    assignment = submitted(queue, desk)
    asked = raise_escalation(assignment, "Is this ours?")
    assert desk.url("escalation", pk=asked.pk).encode() in desk.get("turn", token=assignment.token).content


def test_what_is_on_the_desk_is_not_here(queue: Queue, desk: Any) -> None:
    assert desk.get("turn", token=desk.take(queue).token).status_code == 404


def test_it_is_its_reviewers_alone(
    queue: Queue, desk: Any, desk_of: Any, other_reviewer: Any, stranger: Client
) -> None:
    token = submitted(queue, desk).token
    assert desk_of(other_reviewer).get("turn", token=token).status_code == 404
    assert stranger.get(desk.url("turn", token=token)).status_code == 404
    assert desk.post("turn", token=token).status_code == 405


def test_hostile_text_stays_text(project: Project, desk: Any) -> None:
    queue = make.queue(project)
    add_items(queue, [make.subject(make.response(project, "<script>x</script>", question="<b>?")).pk])
    assignment = desk.take(queue)
    desk.submit(assignment, **{"q-rewrite": "<img src=x>"})
    html = desk.get("turn", token=assignment.token).content
    assert b"<script>x" not in html
    assert b"<img src=x" not in html


def test_its_queries_are_few(queue: Queue, desk: Any, django_assert_max_num_queries: Any) -> None:
    token = submitted(queue, desk).token
    with django_assert_max_num_queries(14):
        desk.get("turn", token=token)
