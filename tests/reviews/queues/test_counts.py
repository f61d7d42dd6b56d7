"""How far a queue is: counted when asked, and of a long queue by the sweep, which says when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from reviews.queues import counts
from reviews.queues.claim import claim
from reviews.queues.counts import count_long_queues, counts_of
from reviews.queues.models import Item, Lane, Place, Queue, QueueCount
from reviews.queues.tasks import count_long_queues as task
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, k=2)
    make.items(queue, 3)
    return queue


@pytest.fixture
def long_queue(queue: Queue) -> Queue:
    Lane.objects.filter(queue=queue, number=1).update(next_pos=counts.LONG + 1)
    return queue


def places(queue: Queue, state: str) -> int:
    return Place.objects.filter(queue=queue, state=state).count()


def test_what_is_counted_is_what_the_places_say(
    queue: Queue, reviewer: Member, other_reviewer: Member, desk: Any
) -> None:
    desk.submit(desk.take(queue))
    claim(queue, other_reviewer)
    found = counts_of([queue])[queue.pk]
    assert (found.n_items, found.items("open"), found.items("settled")) == (3, 3, 0)
    assert found.counted_at is None
    wanted = {"filled": found.filled, "claimed": found.held, "open": found.open}
    assert wanted == {state: places(queue, state) for state in wanted}
    assert found.places == 6


def test_a_withdrawn_item_asks_for_nothing(queue: Queue) -> None:
    from reviews.queues.items import withdraw

    withdraw(Item.objects.filter(queue=queue)[0])
    found = counts_of([queue])[queue.pk]
    assert (found.n_items, found.items("withdrawn"), found.places) == (3, 1, 4)


def test_several_queues_take_three_statements(
    queue: Queue, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    others = [make.queue(project) for _ in range(3)]
    with django_assert_num_queries(3):
        found = counts_of([queue, *others])
    assert found[others[0].pk].n_items == 0
    assert found[queue.pk].n_items == 3


def test_a_short_queue_is_left_to_whoever_asks(queue: Queue) -> None:
    assert count_long_queues() == 0
    assert not QueueCount.objects.exists()


def test_a_long_queue_shows_what_was_counted_and_when(long_queue: Queue) -> None:
    task()
    make.items(long_queue, 1)
    found = counts_of([long_queue])[long_queue.pk]
    assert found.n_items == 3
    assert found.counted_at is not None
    assert count_long_queues() == 0  # it was counted a moment ago
    QueueCount.objects.update(counted_at=F("counted_at") - counts.EVERY - timedelta(seconds=1))
    assert count_long_queues() == 1
    assert counts_of([long_queue])[long_queue.pk].n_items == 4


def test_one_sweep_has_an_end_and_the_next_goes_on(long_queue: Queue, project: Project) -> None:
    other = make.queue(project)
    Lane.objects.create(queue=other, number=1, next_pos=counts.LONG + 1)
    assert count_long_queues(seconds=0) == 1
    assert count_long_queues(seconds=0) == 1
    assert set(QueueCount.objects.values_list("queue", flat=True)) == {long_queue.pk, other.pk}


def test_the_queues_of_an_archived_project_rest(long_queue: Queue) -> None:
    long_queue.project.archive()
    assert count_long_queues() == 0


def test_pages_and_api_say_when_it_was_counted(long_queue: Queue, curator: Member, desk_of: Any) -> None:
    pages = desk_of(curator)
    assert "Counted at" not in pages.get("queue-detail", key=long_queue.key).text
    task()
    assert "Counted at" in pages.get("queue-detail", key=long_queue.key).text
    address = f"/api/v1/queues/{long_queue.key}/"
    assert make.SignedIn(curator).get(address).json()["progress"]["counted_at"] is not None


def test_the_pages_are_bounded_in_queries(
    queue: Queue, project: Project, curator: Member, desk_of: Any, django_assert_max_num_queries: Any
) -> None:
    pages = desk_of(curator)
    for _ in range(3):
        make.items(make.queue(project), 1)
    for route, kwargs in (("queue-list", {}), ("queue-detail", {"key": queue.key}), ("queue-items", {"key": queue.key}),
                          ("queue-activity", {"key": queue.key}), ("queue-pace", {"key": queue.key})):  # fmt: skip
        pages.get(route, **kwargs)
        with django_assert_max_num_queries(10):
            pages.get(route, **kwargs)


def test_time_does_not_run_backwards(long_queue: Queue) -> None:
    task()
    assert QueueCount.objects.get().counted_at <= timezone.now()
