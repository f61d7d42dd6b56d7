"""When a queue is done at the pace it has, and how long its items wait."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member
from reviews.queues.forecast import AGES, by_age, daily, forecast, waits
from reviews.queues.models import Item, Queue
from tests import make

TODAY = date(2026, 3, 2)


def test_the_end_is_what_is_open_by_the_mean_pace() -> None:
    found = forecast([8, 12, 10, 10], 95, TODAY)
    assert found is not None
    assert (found.per_day, found.finish) == (10, date(2026, 3, 12))
    # 1.96 * 1.633 / 2 = 1.6 reviews a day to each side
    assert (found.earliest, found.latest) == (date(2026, 3, 11), date(2026, 3, 14))


def test_the_same_every_day_leaves_no_doubt() -> None:
    found = forecast([5] * 14, 50, TODAY)
    assert found is not None
    assert found.finish == found.earliest == found.latest == date(2026, 3, 12)


@pytest.mark.parametrize(("counts", "n_open"), [([], 5), ([9, 9], 5), ([9, 9, 9], 0)])
def test_too_little_is_known_or_nothing_is_open(counts: list[int], n_open: int) -> None:
    assert forecast(counts, n_open, TODAY) is None


def test_a_pace_that_never_gets_there_has_no_end() -> None:
    assert forecast([1, 1, 1], 5, TODAY, date(2026, 3, 7)) == forecast([1, 1, 1], 5, TODAY)
    for late in (forecast([0, 0, 0], 5, TODAY, TODAY), forecast([1, 1, 1], 5, TODAY, date(2026, 3, 6))):
        assert late is not None
        assert late.is_late
    still, slow = forecast([0, 0, 0], 5, TODAY), forecast([0, 0, 1], 5, TODAY)
    assert still is not None
    assert slow is not None
    assert (still.finish, still.earliest, still.latest) == (None, None, None)
    assert slow.finish == date(2026, 3, 17)
    assert slow.latest is None


def test_days_without_reviews_count_and_days_before_the_queue_do_not(db: None) -> None:
    queue = make.queue(make.project())
    today = timezone.now().date()
    Queue.objects.filter(pk=queue.pk).update(created_at=timezone.now() - timedelta(days=4))
    queue.refresh_from_db()
    found = [{"day": today, "n": 7}, {"day": today - timedelta(days=2), "n": 3}]
    assert daily(queue, found, 14) == [0, 0, 3, 0]


def test_every_wait_has_an_age() -> None:
    spans = [timedelta(minutes=5), timedelta(hours=1), timedelta(days=2), timedelta(days=400)]
    assert by_age(spans) == [1, 1, 1, 0, 0, 1]
    assert len(AGES) == 6


def test_open_and_complete_items_are_told_apart(reviewer: Member, desk: Any) -> None:
    queue = make.queue(reviewer.project, k=1)
    make.items(queue, 3)
    desk.submit(desk.take(queue))
    Item.objects.filter(state=Item.State.OPEN).update(created_at=timezone.now() - timedelta(days=2))
    found = waits(queue)
    assert [(row["age"], row["waiting"], row["took"]) for row in found["waits"] if row["waiting"] or row["took"]] == [
        ("under an hour", 0, 1),
        ("1 to 3 days", 1, 0),
    ]
    assert (found["n_took"], found["is_cut"]) == (1, False)
    assert waits(make.queue(reviewer.project))["waits"] == []
