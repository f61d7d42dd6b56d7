"""A curator's queues: list, detail, new, change."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues.claim import claim
from reviews.queues.models import Item, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=2, name="Groundedness")


@pytest.fixture
def pages(curator: Member, desk_of: Any) -> Any:
    return desk_of(curator)


def fields(queue: Queue, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Tone of voice", "rubric_version": queue.rubric_version_id, "k": 3, "order": "arrival",
        "lease_minutes": "15", "grace_minutes": "1", "audience": "everyone", **changed,
    }  # fmt: skip


def test_the_list_tells_how_far_each_queue_is(queue: Queue, pages: Any, desk: Any) -> None:
    make.items(queue, 2)
    desk.submit(desk.take(queue))
    page = pages.get("queue-list")
    (row,) = page.context["queues"]
    assert (row.n_filled, row.n_places) == (1, 4)
    assert b"Groundedness" in page.content


def test_a_project_without_queues_says_what_to_do(project: Project, pages: Any) -> None:
    assert b"No queue yet" in pages.get("queue-list").content


def test_the_detail_counts_items_and_shows_the_questions(queue: Queue, pages: Any) -> None:
    make.items(queue, 2)
    page = pages.get("queue-detail", key=queue.key)
    assert page.context["n_items"] == 2
    assert b"Grounded in the sources?" in page.content


def test_an_empty_queue_says_what_fills_it(queue: Queue, pages: Any) -> None:
    content = pages.get("queue-detail", key=queue.key).content
    assert b"A sampling rule that points here fills it." in content
    assert reverse("sampling:rule-create", args=[queue.project.slug]).encode() in content
    Queue.objects.filter(pk=queue.pk).update(takes_imports=True)
    assert b"Labels that are imported from elsewhere fill it." in pages.get("queue-detail", key=queue.key).content


def test_a_new_queue_is_made_and_audited(queue: Queue, pages: Any) -> None:
    answer = pages.post("queue-create", fields(queue))
    made = Queue.objects.get(key="tone-of-voice")
    assert answer["Location"] == pages.url("queue-detail", key="tone-of-voice")
    assert (made.project, made.k, made.lease_seconds) == (queue.project, 3, 900)
    assert AuditEvent.objects.filter(verb="queue-created", object_id=str(made.pk)).exists()


def test_a_hold_is_read_and_written_in_minutes_and_no_second_is_lost(queue: Queue, pages: Any) -> None:
    Queue.objects.filter(pk=queue.pk).update(lease_seconds=100, grace_seconds=5400)
    form = pages.get("queue-change", key=queue.key).context["form"]
    shown = {name: str(form[name].value()) for name in ("lease_minutes", "grace_minutes")}
    assert shown == {"lease_minutes": "1.67", "grace_minutes": "90"}
    pages.post("queue-change", fields(queue, **shown), key=queue.key)
    queue.refresh_from_db()
    assert (queue.lease_seconds, queue.grace_seconds) == (100, 5400)
    page = pages.get("queue-detail", key=queue.key).content.decode()
    assert "1 min 40 s, longer while" in page
    assert "within 1 h 30 min" in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "Groundedness"}, "There is a queue with this name already."),
        ({"name": "!!!"}, "Use at least one letter or digit."),
        ({"name": "New"}, "There is a queue with this name already."),
        ({"k": 0}, "greater than or equal to 1"),
        ({"lease_minutes": "0.5"}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_fit_is_said_with_all_that_was_typed(
    changed: dict[str, Any], words: str, queue: Queue, pages: Any
) -> None:
    Queue.objects.filter(pk=queue.pk).update(key="groundedness")
    answer = pages.post("queue-create", fields(queue, **changed))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert str(changed.get("name", "Tone of voice")) in answer.content.decode()
    assert Queue.objects.count() == 1


def test_a_change_keeps_key_and_rubric(queue: Queue, pages: Any) -> None:
    other = make.rubric_version(queue.project)
    data = fields(queue, name="Renamed", rubric_version=other.pk)
    assert pages.post("queue-change", data, key=queue.key).status_code == 302
    changed = Queue.objects.get(pk=queue.pk)
    assert (changed.name, changed.key) == ("Renamed", queue.key)
    assert changed.rubric_version_id == queue.rubric_version_id


def test_a_rubric_of_another_project_is_not_offered(queue: Queue, other_project: Project, pages: Any) -> None:
    foreign = make.rubric_version(other_project)
    answer = pages.post("queue-create", fields(queue, rubric_version=foreign.pk))
    assert answer.status_code == 422
    assert "rubric_version" in answer.context["form"].errors


@pytest.mark.parametrize("route", ["queue-list", "queue-create"])
def test_reviewers_are_refused_and_strangers_find_nothing(
    route: str, queue: Queue, pages: Any, reviewer: Member, stranger: Client
) -> None:
    assert make.SignedIn(reviewer).get(pages.url(route)).status_code == 403
    assert stranger.get(pages.url(route)).status_code == 404


def test_moderators_look_and_do_not_change(queue: Queue, moderator: Member, desk_of: Any) -> None:
    theirs = desk_of(moderator)
    assert b">Change<" not in theirs.get("queue-detail", key=queue.key).content
    assert theirs.post("queue-change", fields(queue), key=queue.key).status_code == 403
    assert theirs.post("queue-create", fields(queue)).status_code == 403


def test_a_queue_of_another_project_does_not_exist_here(other_project: Project, pages: Any) -> None:
    foreign = make.queue(other_project)
    assert pages.get("queue-detail", key=foreign.key).status_code == 404
    assert pages.post("queue-change", fields(foreign), key=foreign.key).status_code == 404


@pytest.mark.parametrize("route", ["queue-list", "queue-detail", "queue-activity", "queue-pace", "queue-items"])
def test_looking_is_a_get(route: str, queue: Queue, pages: Any) -> None:
    where = {} if route == "queue-list" else {"key": queue.key}
    assert pages.post(route, **where).status_code == 405
    fragment = pages.get(route, htmx=True, **where).content
    assert b"<html" not in fragment


def test_the_list_takes_as_many_queries_for_many_queues(
    queue: Queue, pages: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        make.items(make.queue(queue.project), 2)
    pages.get("queue-list")
    with django_assert_num_queries(6):
        pages.get("queue-list")


def test_it_is_paused_opened_and_closed_by_buttons(queue: Queue, pages: Any, desk: Any) -> None:
    make.items(queue)
    said = {"paused": "Who holds an item may finish it", "closed": "no rule draws", "open": "The queue is open"}
    for state, words in said.items():
        done = pages.post("queue-state", {"state": state}, key=queue.key)
        assert done.status_code == 303
        assert words in pages.get("queue-detail", key=queue.key).text
        queue.refresh_from_db()
        assert queue.state == state
        assert (claim(queue, desk.member) is not None) == (state == "open")
    assert AuditEvent.objects.filter(verb="queue-state-changed").count() == 3
    pages.post("queue-state", {"state": "open"}, key=queue.key)
    pages.post("queue-state", {"state": "nonsense"}, key=queue.key)
    assert AuditEvent.objects.filter(verb="queue-state-changed").count() == 3


def test_progress_asks_again_only_while_it_is_open(queue: Queue, pages: Any) -> None:
    make.items(queue, 2)
    open_one = pages.get("queue-detail", htmx=True, key=queue.key).text
    assert 'hx-trigger="every 8s"' in open_one
    assert "0 in, 0 being written, 4 still open; the first in line waits since" in open_one
    Queue.objects.update(state="closed")
    assert "every 8s" not in pages.get("queue-detail", htmx=True, key=queue.key).text


def test_activity_counts_by_day_and_person(queue: Queue, pages: Any, desk: Any, reviewer: Member) -> None:
    make.items(queue, 3)
    for _ in range(2):
        desk.submit(desk.take(queue))
    page = pages.get("queue-activity", key=queue.key)
    (row,) = page.context["people"]
    (day,) = pages.get("queue-pace", key=queue.key).context["days"]
    assert (row["member"], row["done"], row["skipped"], row["is_admitted"]) == (reviewer, 2, 0, True)
    assert (day["n"], day["people"]) == (2, 1)
    assert "Nobody has begun" in pages.get("queue-activity", key=make.queue(queue.project).key).text


def test_items_are_listed_by_state_and_paged(queue: Queue, pages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.queues.curate.ROWS", 2)
    items = make.items(queue, 3)
    Item.objects.filter(pk=items[1].pk).update(state="settled")
    first = pages.get("queue-items", key=queue.key)
    assert [row["item"] for row in first.context["rows"]] == items[:2]
    second = pages.client.get(first.context["next_url"])
    assert [row["item"] for row in second.context["rows"]] == items[2:]
    assert second.context["next_url"] == ""
    url = pages.url("queue-items", key=queue.key)
    assert [row["item"] for row in pages.client.get(url + "?state=settled").context["rows"]] == [items[1]]
    assert "No item is in this state" in pages.client.get(url + "?state=withdrawn").text
    assert pages.client.get(url + "?state=nonsense&after=x").status_code == 422
    response = items[0].subject.shown()[0]
    assert f"/responses/{response.pk}/" in first.text


def test_the_pages_take_few_queries(queue: Queue, pages: Any, desk: Any, django_assert_max_num_queries: Any) -> None:
    make.items(queue, 4)
    desk.submit(desk.take(queue))
    for route in ("queue-detail", "queue-activity", "queue-pace", "queue-items", "queue-change"):
        with django_assert_max_num_queries(10):
            pages.get(route, key=queue.key)
