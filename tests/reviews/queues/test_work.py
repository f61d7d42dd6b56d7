"""My work, the first page of a reviewer, and the claim that begins there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2, grace_seconds=60, name="Groundedness")


def test_it_lists_open_queues_with_what_waits(queue: Queue, desk: Any) -> None:
    make.items(queue, 3)
    make.queue(queue.project, name="Paused one", state="paused")
    make.queue(queue.project, name="Imports", takes_imports=True)
    page = desk.get("work")
    assert page.status_code == 200
    assert [(row["queue"].name, row["remaining"], row["held"]) for row in page.context["rows"]] == [
        ("Groundedness", 3, False)
    ]


def test_a_held_item_comes_first_even_in_a_paused_queue(queue: Queue, desk: Any) -> None:
    make.items(queue)
    desk.take(queue)
    Queue.objects.filter(pk=queue.pk).update(state="paused")
    make.queue(queue.project, name="Another")
    page = desk.get("work")
    assert [row["queue"].name for row in page.context["rows"]] == ["Groundedness", "Another"]
    assert b"Continue" in page.content


def test_an_empty_queue_is_not_said_to_be_done(queue: Queue, desk: Any) -> None:
    assert "Nothing yet" in desk.get("work").text
    assert "Nothing has come into this queue yet" in desk.get("review", key=queue.key).text
    make.counted(queue, make.subject(make.response(queue.project)), desk.member, make.ANSWERS)
    assert "All done" in desk.get("work").text


def test_without_queues_it_says_what_happens_next(project: Project, desk: Any) -> None:
    assert b"No queue is open" in desk.get("work").content


def test_it_shows_nothing_of_another_project(queue: Queue, stranger: Client, desk: Any) -> None:
    assert stranger.get(desk.url("work")).status_code == 404


def test_htmx_gets_the_list_alone(queue: Queue, desk: Any) -> None:
    fragment = desk.get("work", htmx=True).content
    assert b'id="queues"' in fragment
    assert b"<html" not in fragment


def test_it_sends_those_who_are_not_signed_in_to_the_door(queue: Queue, anonymous: Client, desk: Any) -> None:
    assert anonymous.get(desk.url("work")).status_code == 302
    asked = anonymous.get(desk.url("work"), headers={"HX-Request": "true"})
    assert "login" in asked["HX-Redirect"]


def test_its_queries_do_not_grow_with_the_queues(queue: Queue, desk: Any, django_assert_num_queries: Any) -> None:
    make.items(queue, 3)
    for _ in range(6):
        make.queue(queue.project)
    desk.get("work")
    with django_assert_num_queries(10):
        page = desk.get("work")
    waiting = {row["queue"].pk: row["remaining"] for row in page.context["rows"]}
    assert waiting.pop(queue.pk) == 3
    assert set(waiting.values()) == {0}


def test_a_claim_answers_with_the_address_of_the_desk(queue: Queue, desk: Any) -> None:
    make.items(queue)
    answer = desk.post("claim", key=queue.key)
    assert (answer.status_code, answer["Location"]) == (303, desk.url("review", key=queue.key))
    assert Assignment.objects.live().filter(reviewer=desk.member).count() == 1


def test_a_second_claim_takes_nothing_more(queue: Queue, desk: Any) -> None:
    make.items(queue, 2)
    desk.post("claim", key=queue.key)
    desk.post("claim", key=queue.key)
    assert Assignment.objects.count() == 1


def test_a_claim_is_a_post(queue: Queue, desk: Any) -> None:
    make.items(queue)
    assert desk.get("claim", key=queue.key).status_code == 405
    assert not Assignment.objects.exists()


def test_nobody_claims_in_another_project(queue: Queue, stranger: Client, desk: Any) -> None:
    assert stranger.post(desk.url("claim", key=queue.key)).status_code == 404


def test_a_queue_of_another_project_does_not_exist_here(other_project: Project, desk: Any) -> None:
    foreign = make.queue(other_project)
    assert desk.post("claim", key=foreign.key).status_code == 404
    assert desk.get("review", key=foreign.key).status_code == 404


def test_nobody_claims_from_a_queue_of_imports(project: Project, desk: Any) -> None:
    assert desk.post("claim", key=make.queue(project, takes_imports=True).key).status_code == 404


def test_who_was_disabled_finds_no_desk(queue: Queue, desk: Any) -> None:
    Member.objects.filter(pk=desk.member.pk).update(disabled_at="2026-01-01T00:00Z")
    assert desk.post("claim", key=queue.key).status_code == 404


def test_what_was_begun_is_listed_with_its_draft(queue: Queue, desk: Any) -> None:
    item = make.items(queue)[0]
    held = desk.take(queue)
    (row,) = desk.get("work").context["rows"]
    (turn,) = row["begun"]
    assert (turn["is_held"], turn["draft_saved_at"], turn["title"]) == (True, None, turn["title"])
    assert turn["title"].endswith("?")
    assert desk.post("draft", {"token": held.token, "q-helpful": "3"}, key=queue.key).status_code == 200
    item.places.filter(assignment=held).update(state="open", assignment=None, lease_until=None, claimed_at=None)
    (row,) = desk.get("work").context["rows"]
    assert [(turn["is_held"], bool(turn["draft_saved_at"])) for turn in row["begun"]] == [(False, True)]
    assert b"Draft kept" in desk.get("work").content


def test_it_counts_what_was_done_today(queue: Queue, desk: Any) -> None:
    make.items(queue, 2)
    for _ in range(2):
        desk.submit(desk.take(queue))
    Assignment.objects.filter(pk=Assignment.objects.earliest("pk").pk).update(submitted_at="2026-01-01T00:00Z")
    page = desk.get("work")
    assert [(row["today"], row["done"]) for row in page.context["rows"]] == [(1, 2)]
    assert page.context["today_done"] == 1


def test_what_was_just_sent_is_undone_from_here(queue: Queue, desk: Any) -> None:
    make.items(queue, 2)
    for _ in range(2):
        desk.submit(desk.take(queue))
    older, newer = Assignment.objects.order_by("pk")
    Assignment.objects.filter(pk=older.pk).update(submitted_at="2026-01-01T00:00Z")
    sent = desk.get("work").context["sent"]
    assert [bool(line["undo_url"]) for line in sent] == [True, False]
    assert desk.client.post(sent[0]["undo_url"]).status_code == 303
    newer.refresh_from_db()
    assert newer.state == "claimed"


def test_the_time_at_the_texts_is_the_measured_one_of_seven_days(queue: Queue, desk: Any, desk_of: Any) -> None:
    make.items(queue, 3)
    for active in ("90000", "30500", "0"):
        desk.submit(desk.take(queue), active_ms=active)
    other = desk_of(make.member(queue.project))
    other.submit(other.take(queue))
    old = Assignment.objects.filter(reviewer=desk.member).earliest("pk")
    progress = desk.get("work").context["progress"]
    assert progress == {"week": 3, "n_timed": 2, "week_seconds": 120, "today_seconds": 120}
    Assignment.objects.filter(pk=old.pk).update(submitted_at="2026-01-01T00:00Z")
    assert desk.get("work").context["progress"] == {"week": 2, "n_timed": 1, "week_seconds": 30, "today_seconds": 30}


def test_a_draft_whose_queue_gives_out_nothing_is_told_of(queue: Queue, desk: Any) -> None:
    item = make.items(queue)[0]
    held = desk.take(queue)
    desk.post("draft", {"token": held.token, "q-helpful": "3"}, key=queue.key)
    item.places.filter(assignment=held).update(state="open", assignment=None, lease_until=None, claimed_at=None)
    Queue.objects.filter(pk=queue.pk).update(state="paused")
    page = desk.get("work")
    assert (page.context["rows"], [line["queue"] for line in page.context["parked"]]) == ([], [queue])
    assert "Drafts that wait for their queue" in page.text
