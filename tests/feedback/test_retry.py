"""Trying a failed job again: from its cursor or from its beginning, with all its tries, and only where that is safe."""

from __future__ import annotations

from typing import Any

import pytest

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.jobs import Job, JobRefused
from reviews.queues.models import Item
from reviews.sampling import draw
from reviews.sampling.models import SamplingRun
from tests import make


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch) -> SamplingRun:
    monkeypatch.setattr(draw, "CHUNK", 3)
    for _ in range(10):
        make.response(project)
    return make.sampling_rule(make.queue(project), rate=1).start()


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares={"train": 1.0})
    return dataset.build()


def broken(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails for good at its next chunk, and is mended then."""

    def step(self: Job) -> bool:
        raise JobRefused("not today")

    with monkeypatch.context() as patch:
        patch.setattr(type(job), "step", step)
        jobs.run(type(job), job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED


def test_a_draw_goes_on_where_it_was(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = jobs.claim(SamplingRun, run.pk) or 0
    for _ in range(3):
        jobs.run_chunk(SamplingRun, run.pk, attempt)
    SamplingRun.objects.update(state="queued", lease_until=None)
    broken(run, monkeypatch)
    drawn = run.n_drawn
    assert (drawn, run.retry()) == (3, True)
    run.refresh_from_db()
    assert (run.state, run.n_drawn, run.error, run.started_at, run.finished_at) == ("queued", drawn, "", None, None)
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt, Item.objects.count()) == ("done", 3, 10)


def test_it_has_all_its_tries_again(run: SamplingRun) -> None:
    SamplingRun.objects.update(state="failed", cursor={jobs.TRIES: 5})
    assert run.retry()
    assert jobs.claim(SamplingRun, run.pk) == 1


def test_only_what_failed_is_tried_again(run: SamplingRun) -> None:
    for state in ("queued", "running", "done", "cancelled"):
        SamplingRun.objects.update(state=state)
        assert not run.retry()
    assert SamplingRun.objects.get().state == "cancelled"


def test_it_rings_after_commit(
    run: SamplingRun, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    broken(run, monkeypatch)
    with django_capture_on_commit_callbacks() as rings:
        run.retry()
    assert len(rings) == 1


def test_a_draw_waits_for_another_of_its_rule(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(run, monkeypatch)
    run.rule_version.rule.start()
    with pytest.raises(JobRefused, match="Another run of this rule is under way"):
        run.retry()
    run.refresh_from_db()
    assert run.state == Job.State.FAILED


def test_a_build_begins_again_and_ends_like_another(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = jobs.claim(DatasetVersion, version.pk) or 0
    jobs.run_chunk(DatasetVersion, version.pk, attempt)
    DatasetVersion.objects.update(state="queued", lease_until=None)
    broken(version, monkeypatch)
    assert version.retry()
    jobs.run(DatasetVersion, version.pk)
    version.refresh_from_db()
    assert (version.state, version.counts["pairs"]) == ("done", 0)


def test_a_build_is_not_tried_again_once_a_later_one_was_begun(
    version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(version, monkeypatch)
    version.dataset.build()
    with pytest.raises(JobRefused, match="later version"):
        version.retry()


def test_a_file_is_written_again_from_its_first_row(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.run(DatasetVersion, version.pk)
    export = exports.request(DatasetVersion.objects.get(), "votes")
    broken(export, monkeypatch)
    assert export.retry()
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert (export.state, export.n_rows, export.total) == ("done", 0, 0)


def test_a_kind_that_does_not_say_so_cannot_be_tried_again(run: SamplingRun, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(run, monkeypatch)
    monkeypatch.setattr(SamplingRun, "may_retry", False)
    with pytest.raises(JobRefused, match="cannot be tried again"):
        run.retry()
