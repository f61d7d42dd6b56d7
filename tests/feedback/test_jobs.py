"""Jobs on the real tables of sampling runs, without a worker: claims, fences, failures, the bell's patience."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from feedback import jobs
from feedback.accounts.models import Project
from feedback.celery import app
from feedback.jobs import MAX_ATTEMPTS, Job, JobRefused
from reviews.queues.models import Item, Queue
from reviews.sampling import draw
from reviews.sampling.models import SamplingRun
from tests import make


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch) -> SamplingRun:
    """A run that draws 10 responses in chunks of 3."""
    monkeypatch.setattr(draw, "CHUNK", 3)
    for _ in range(10):
        make.response(project)
    return make.sampling_rule(make.queue(project), rate=1).start()


@pytest.fixture(autouse=True)
def fresh_bell() -> Iterator[None]:
    jobs.quiet_until = 0.0
    jobs.rung.clear()
    yield
    jobs.quiet_until = 0.0


def expire(run: SamplingRun) -> None:
    SamplingRun.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_it_works_to_its_end_and_says_how_far_it_came(run: SamplingRun) -> None:
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.n_added, run.share_done) == (Job.State.DONE, 1, 10, 1.0)
    assert run.lease_until is None
    assert run.finished_at is not None


def test_only_one_worker_gets_the_row(run: SamplingRun) -> None:
    assert jobs.claim(SamplingRun, run.pk) == 1
    assert jobs.claim(SamplingRun, run.pk) is None


def test_it_is_claimed_again_when_the_lease_is_over(run: SamplingRun) -> None:
    jobs.claim(SamplingRun, run.pk)
    expire(run)
    assert jobs.claim(SamplingRun, run.pk) == 2


def test_a_worker_that_wakes_up_late_changes_nothing(run: SamplingRun) -> None:
    first = jobs.claim(SamplingRun, run.pk)
    assert first
    for _ in range(3):
        jobs.run_chunk(SamplingRun, run.pk, first)
    expire(run)
    second = jobs.claim(SamplingRun, run.pk)
    before = SamplingRun.objects.filter(pk=run.pk).values().get(), Item.objects.count()
    assert jobs.run_chunk(SamplingRun, run.pk, first) is False
    jobs.give_back(SamplingRun, run.pk, first, ValueError("late"))
    jobs.put_down(SamplingRun, run.pk, first)
    assert (SamplingRun.objects.filter(pk=run.pk).values().get(), Item.objects.count()) == before
    while jobs.run_chunk(SamplingRun, run.pk, second or 0):
        pass
    assert Item.objects.count() == 10


def test_a_chunk_and_its_cursor_are_written_together(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = jobs.claim(SamplingRun, run.pk) or 0
    for _ in range(3):
        jobs.run_chunk(SamplingRun, run.pk, attempt)
    cursor = SamplingRun.objects.get(pk=run.pk).cursor
    step = SamplingRun.step

    def broken(self: SamplingRun) -> bool:
        step(self)
        raise OSError("the disk is gone")

    monkeypatch.setattr(SamplingRun, "step", broken)
    with pytest.raises(OSError, match="disk"):
        jobs.run_chunk(SamplingRun, run.pk, attempt)
    assert SamplingRun.objects.get(pk=run.pk).cursor == cursor
    assert Item.objects.count() == 3


def fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def step(self: SamplingRun) -> bool:
        raise error

    monkeypatch.setattr(SamplingRun, "step", step)


def test_an_error_is_kept_and_the_job_waits_before_the_next_attempt(
    run: SamplingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, ValueError("no such column"))
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (Job.State.QUEUED, "ValueError: no such column")
    assert not SamplingRun.objects.claimable().exists()
    assert jobs.claim(SamplingRun, run.pk) is None


def test_it_is_given_up_after_five_attempts_without_progress(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    fails(monkeypatch, ValueError("no such column"))
    for _ in range(MAX_ATTEMPTS):
        expire(run)
        jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.error) == (Job.State.FAILED, 5, "ValueError: no such column")


def test_a_chunk_that_went_well_forgives_earlier_failures(run: SamplingRun) -> None:
    for _ in range(MAX_ATTEMPTS + 2):
        attempt = jobs.claim(SamplingRun, run.pk)
        assert attempt
        jobs.run_chunk(SamplingRun, run.pk, attempt)
        expire(run)
        run.refresh_from_db()
        if run.is_finished:
            break
    assert run.state == Job.State.DONE
    assert run.attempt > MAX_ATTEMPTS


def test_a_job_that_kills_its_workers_is_failed_with_a_sentence(run: SamplingRun) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert jobs.claim(SamplingRun, run.pk)
        expire(run)
    assert jobs.claim(SamplingRun, run.pk) is None
    run.refresh_from_db()
    assert run.state == Job.State.FAILED
    assert run.error == (
        "Given up after 5 attempts without progress. Each time its worker was killed or never answered."
    )


def test_a_refused_job_is_not_tried_again(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    fails(monkeypatch, JobRefused("The queue is closed."))
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.error) == (Job.State.FAILED, 1, "The queue is closed.")


def test_cancelling_stops_it_before_the_next_chunk(run: SamplingRun) -> None:
    attempt = jobs.claim(SamplingRun, run.pk) or 0
    for _ in range(3):
        jobs.run_chunk(SamplingRun, run.pk, attempt)
    assert run.cancel()
    assert not run.cancel()
    assert jobs.run_chunk(SamplingRun, run.pk, attempt) is False
    run.refresh_from_db()
    assert (run.state, Item.objects.count()) == (Job.State.CANCELLED, 3)


def test_who_prepares_for_long_keeps_the_row_and_learns_that_it_is_lost(run: SamplingRun) -> None:
    jobs.claim(SamplingRun, run.pk)
    held = SamplingRun.objects.get(pk=run.pk)
    expire(run)
    held.heartbeat()
    assert jobs.claim(SamplingRun, run.pk) is None
    woken_late = SamplingRun.objects.get(pk=run.pk)
    expire(run)
    assert jobs.claim(SamplingRun, run.pk) == 2
    with pytest.raises(jobs.Lost):
        woken_late.heartbeat()


def test_what_was_cancelled_while_it_prepared_ends_there(
    run: SamplingRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def prepare(self: SamplingRun) -> None:
        run.cancel()
        self.heartbeat()

    monkeypatch.setattr(SamplingRun, "prepare", prepare)
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, Item.objects.count()) == (Job.State.CANCELLED, "", 0)
    assert "Traceback" not in caplog.text


def test_a_long_job_lets_others_in_and_rings_for_the_rest(
    run: SamplingRun, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as rings:
        jobs.run(SamplingRun, run.pk, seconds=0)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.lease_until) == (Job.State.QUEUED, 1, None)
    assert len(rings) == 1
    for _ in range(10):
        jobs.run(SamplingRun, run.pk, seconds=0)
    run.refresh_from_db()
    assert (run.state, Item.objects.count()) == (Job.State.DONE, 10)


def test_the_messages_name_one_queue_each() -> None:
    queues = app.amqp.queues
    assert {name: queue.routing_key for name, queue in queues.items()} == {n: n for n in ("default", "bulk", "stats")}


RING_TWICE = """
import time, django
django.setup()
from feedback import jobs
for pk in (1, 2):
    started = time.monotonic()
    print(jobs.send("sampling.samplingrun", pk, "bulk"), time.monotonic() - started)
"""


@pytest.mark.parametrize("hangs", [False, True])
def test_a_broker_that_is_down_or_hangs_costs_a_second_at_most(hangs: bool, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if hangs:
            silent.listen()
        broker = {"BROKER_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "VAR_DIR": str(tmp_path)}
        environment = {**os.environ, **broker, "DJANGO_SETTINGS_MODULE": "feedback.settings"}
        command = [sys.executable, "-c", RING_TWICE]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    (first, waited), (second, waited_again) = [line.split() for line in result.stdout.splitlines()]
    assert (first, second) == ("False", "False")
    assert float(waited) < 1.5
    assert float(waited_again) < 0.1  # nobody waits again at once


def test_the_sweep_rings_for_what_waits_and_not_again_at_once(
    run: SamplingRun, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, int, str]] = []
    monkeypatch.setattr(jobs.run_job, "apply_async", lambda args, queue, **_: rung.append((*args, queue)))
    jobs.ring_overdue()
    jobs.ring_overdue()
    assert rung == [("sampling.samplingrun", run.pk, "bulk")]
    jobs.claim(SamplingRun, run.pk)
    jobs.ring_overdue()
    assert len(rung) == 1
    expire(run)
    jobs.ring_overdue()
    assert len(rung) == 2


@pytest.mark.postgres
def test_a_frozen_process_loses_its_locks_after_the_lease(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('idle_in_transaction_session_timeout')::interval")
        assert cursor.fetchone()[0] == jobs.lease()


def test_queues_are_untouched_by_a_cancelled_job(run: SamplingRun) -> None:
    run.cancel()
    jobs.run(SamplingRun, run.pk)
    assert Queue.objects.count() == 1
    assert Item.objects.count() == 0


def steps(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    def step(self: SamplingRun) -> bool:
        act(self)
        return False

    monkeypatch.setattr(SamplingRun, "step", step)


def test_a_step_may_wait_without_a_worker(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    steps(monkeypatch, lambda job: job.rest(timedelta(minutes=5), Job.State.RUNNING))
    for attempt in (1, 2, 3, 4, 5, 6, 7):  # more often than a job may fail: waiting is no failure
        jobs.run(SamplingRun, run.pk)
        run.refresh_from_db()
        assert (run.state, run.attempt) == (Job.State.RUNNING, attempt)
        assert not SamplingRun.objects.claimable().exists()
        expire(run)


def test_a_step_may_end_its_row_otherwise_than_done(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    steps(monkeypatch, lambda job: job.end(Job.State.CANCELLED, "Enough."))
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, run.lease_until) == (Job.State.CANCELLED, "Enough.", None)
