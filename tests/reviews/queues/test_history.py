"""My reviews: what became of them, in the words of the page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from reviews.queues.history import PAGE
from reviews.queues.models import Assignment, Item, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, grace_seconds=60)


def lines(page: Any) -> list[tuple[str, str, str]]:
    return [(row["title"], row["state"], row["summary"]) for row in page.context["rows"]]


def test_it_tells_what_was_judged_and_what_became_of_it(queue: Queue, desk: Any) -> None:
    first, second = make.items(queue, 2)
    desk.submit(desk.take(queue))
    Item.objects.filter(pk=first.pk).update(state="settled")
    desk.post("skip", {"token": desk.take(queue).token, "reason": "unclear"}, key=queue.key)
    (_, skipped, reason), (question, counted, words) = lines(desk.get("history"))
    assert (skipped, reason, counted) == ("Skipped", "unclear", "Counted")
    assert question.endswith("?")
    assert words == "Grounded in the sources?: yes · Helpfulness: 4 · 0 flags"


def test_a_comparison_reads_in_words(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    make.items(queue)
    assignment = desk.take(queue)
    fields = {"q-better": "tie", "q-why": "Both say the same."}
    assert desk.submit(assignment, **fields).status_code == 303
    assert lines(desk.get("history"))[0][2] == "Why?: Both say the same. · equal"


def test_it_offers_undo_while_the_grace_lasts(queue: Queue, desk: Any) -> None:
    make.items(queue)
    assignment = desk.take(queue)
    desk.submit(assignment)
    undo = desk.url("undo", token=assignment.token).encode()
    assert undo in desk.get("history").content
    Queue.objects.filter(pk=queue.pk).update(grace_seconds=0)
    assert undo not in desk.get("history").content


def test_a_question_in_parts_is_read_as_text(queue: Queue, desk: Any) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    response = make.response(queue.project, messages=[{"role": "user", "content": parts}])
    make.counted(queue, make.subject(response), desk.member, make.ANSWERS)
    assert "What is this?" in lines(desk.get("history"))[0][0]


def test_a_long_question_ends_as_one_that_goes_on(queue: Queue, desk: Any) -> None:
    response = make.response(queue.project, question="Is it covered? " * 20)
    make.counted(queue, make.subject(response), desk.member, make.ANSWERS)
    title = lines(desk.get("history"))[0][0]
    assert "Is it covered?" in title
    assert "…" in title


def test_it_goes_on_where_a_page_ends(queue: Queue, desk: Any) -> None:
    for number in range(PAGE + 2):
        subject = make.subject(make.response(queue.project, question=f"Number {number}?"))
        make.counted(queue, subject, desk.member, make.ANSWERS)
    first = desk.get("history")
    assert len(first.context["rows"]) == PAGE
    second = desk.client.get(first.context["next_url"])
    assert [title for title, _, _ in lines(second)] == ["Number 1?", "Number 0?"]
    assert second.context["first_url"]


@pytest.mark.parametrize("before", ["", "no", "-1", "²", "9" * 40])
def test_an_address_that_makes_no_sense_shows_the_beginning_or_nothing(before: str, queue: Queue, desk: Any) -> None:
    assert desk.get("history", query=f"?before={before}").status_code == 200


def test_it_shows_only_ones_own(queue: Queue, desk: Any, desk_of: Any, other_reviewer: Any, stranger: Client) -> None:
    make.items(queue)
    desk.submit(desk.take(queue))
    page = desk_of(other_reviewer).get("history")
    assert b"No reviews yet" in page.content
    assert stranger.get(desk.url("history")).status_code == 404
    assert desk.post("history").status_code == 405


def test_htmx_gets_the_list_alone(queue: Queue, desk: Any) -> None:
    fragment = desk.get("history", htmx=True).content
    assert b'id="reviews"' in fragment
    assert b"<html" not in fragment


def test_its_queries_do_not_grow_with_the_list(queue: Queue, desk: Any, django_assert_max_num_queries: Any) -> None:
    make.items(queue, 6)
    for _ in range(6):
        desk.submit(desk.take(queue))
    assert Assignment.objects.filter(state="submitted").count() == 6
    with django_assert_max_num_queries(10):
        desk.get("history")


def test_a_position_that_is_no_id_is_left_out(desk: Any) -> None:
    assert desk.get("history", query="?before=" + "9" * 5000).status_code == 200


def test_it_is_narrowed_by_queue_state_and_number(queue: Queue, project: Project, desk: Any) -> None:
    make.items(queue, 2)
    other = make.queue(project, k=1)
    make.items(other)
    first = desk.take(queue)
    desk.submit(first)
    desk.submit(desk.take(other))
    desk.post("skip", {"token": desk.take(queue).token, "reason": "language"}, key=queue.key)
    for query, n in (("", 3), (f"?queue={queue.key}", 2), ("?state=skipped", 1), (f"?number={first.pk}", 1)):
        assert len(lines(desk.get("history", query=query))) == n
    assert b"Nothing matches" in desk.get("history", query=f"?queue={other.key}&state=skipped").content


def test_the_filters_stay_from_page_to_page(queue: Queue, desk: Any) -> None:
    for number in range(PAGE + 1):
        subject = make.subject(make.response(queue.project, question=f"Number {number}?"))
        make.counted(queue, subject, desk.member, make.ANSWERS)
    following = desk.get("history", query=f"?queue={queue.key}").context["next_url"]
    assert f"queue={queue.key}" in following
    assert f"queue={queue.key}" in desk.client.get(following).context["first_url"]


@pytest.mark.parametrize("query", ["?queue=nowhere", "?state=lost", "?number=x", "?number=0", "?number=" + "9" * 40])
def test_a_filter_that_makes_no_sense_is_explained(query: str, queue: Queue, desk: Any) -> None:
    page = desk.get("history", query=query)
    assert page.status_code == 422
    assert page.context["filters"].errors


def test_queues_of_other_projects_are_not_offered(other_project: Project, queue: Queue, desk: Any) -> None:
    foreign = make.queue(other_project, name="Foreign")
    assert desk.get("history", query=f"?queue={foreign.key}").status_code == 422
    assert b"Foreign" not in desk.get("history").content
