"""Signs of life: one row a worker, removed when others outlive it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from reviews.monitoring.backlog import alarm, error_words, span_words, workers
from reviews.monitoring.models import FORGOTTEN, WorkerBeat

pytestmark = pytest.mark.django_db


def test_a_worker_has_one_row_however_often_it_is_heard() -> None:
    for busy in (0, 1):
        WorkerBeat.objects.mark("celery@a", 1, bells=["bulk"], busy=busy)
    row = WorkerBeat.objects.with_silence().get()
    assert (row.busy, row.bells) == (1, ["bulk"])
    assert timedelta(0) <= row.silence < timedelta(seconds=5)


def test_two_workers_of_one_host_are_two() -> None:
    for pid in (1, 2):
        WorkerBeat.objects.mark("celery@a", pid)
    assert WorkerBeat.objects.count() == 2


def test_the_living_sweep_away_who_has_been_silent_for_long() -> None:
    for pid in (1, 2):
        WorkerBeat.objects.mark("celery@a", pid)
    WorkerBeat.objects.filter(pid=1).update(seen_at=Now() - FORGOTTEN - timedelta(seconds=1))
    WorkerBeat.objects.mark("celery@a", 2)
    assert [row.pid for row in workers()] == [2, 1]
    WorkerBeat.objects.mark("celery@a", 3)
    assert [row.pid for row in workers()] == [3, 2]
    assert alarm(workers(), []) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (8, "8 s"), (119, "119 s"), (180, "3 min"), (3600, "1 h"), (7500, "2 h 5 min"), (864_000, "10 d")],
)
def test_a_length_of_time_is_said_as_people_do(seconds: int, words: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("error", "is_sentence"),
    [
        ("The queue is closed.", True),
        ("min_votes must be at least 1.", True),
        ("", True),
        ("ValueError: no", False),
        ("psycopg.errors.OperationalError: gone", False),
        ("Given up after 5 attempts without progress. Last error: ValueError: no", False),
        ("Given up after 5 attempts without progress. Each time its worker was killed or never answered.", True),
    ],
)
def test_only_errors_that_nobody_foresaw_are_put_into_other_words(error: str, is_sentence: bool) -> None:
    assert (error_words(error)[0] == error) is is_sentence
