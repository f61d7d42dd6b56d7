"""A version with pairs in every split, trainers of each kind, and a worker that never waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.start import start
from tests import make
from tests.feedback.training.stand_in import KEY, Service, serve

Begun = Callable[..., FineTuneJob]


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "files"


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    found, server = serve()
    settings.EGRESS_ALLOW = [found.url.split("/")[2]]
    yield found
    server.shutdown()
    server.server_close()


def version_of(project: Project, n: int = 12) -> DatasetVersion:
    """Comparisons, each won by three votes, in all three splits."""
    rubric = make.rubric_version(project, subject_size=2)
    reviewers = [make.member(project) for _ in range(3)]
    for number in range(n):
        pair = [make.response(project, f"{text} {number}.", question=f"Question {number}?") for text in ("Yes", "No")]
        subject = make.subject(*pair)
        answers = {"better": {"outcome": "preferred", "preferred": pair[0].pk, "strength": 2}}
        make.verdict(subject, rubric, [make.review(subject, rubric, one, answers) for one in reviewers])
    shares = {"train": 0.5, "validation": 0.25, "test": 0.25}
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares=shares, salt="0" * 32)
    version = dataset.build()
    jobs.run(DatasetVersion, version.pk)
    version.refresh_from_db()
    assert version.state == "done", version.error
    return version


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    return version_of(project)


def trainer(project: Project, kind: str, url: str = "", secret: str = "", **fields: Any) -> Trainer:
    row = Trainer(project=project, key=kind, name=f"Our {kind}", kind=kind, provider="acme", **fields)
    row.aim(url, secret)
    row.save()
    return row


@pytest.fixture
def hosted(project: Project, service: Service) -> Trainer:
    return trainer(project, "openai", service.url, KEY, price_per_million_tokens=3)


@pytest.fixture
def begun(version: DatasetVersion) -> Begun:
    """`begun(trainer)`: a fine-tune whose files are there."""

    def make_one(where: Trainer, **fields: Any) -> FineTuneJob:
        job = start(where, version, **{"method": "dpo", "base_model": "small-1", **fields})
        for export in (job.train_export, job.validation_export):
            jobs.run(Export, export.pk)
        return job

    return make_one


def one_turn(job: FineTuneJob) -> FineTuneJob:
    """A worker takes it up now, whatever pause it is in, until it lets go."""
    FineTuneJob.objects.filter(pk=job.pk).unfinished().update(lease_until=Now() - timedelta(seconds=1))
    jobs.run(FineTuneJob, job.pk)
    return FineTuneJob.objects.select_related("trainer", "version__dataset").get(pk=job.pk)


def until(job: FineTuneJob, *states: str, turns: int = 30) -> FineTuneJob:
    for _ in range(turns):
        job = one_turn(job)
        if job.state in (states or ("done", "failed", "cancelled")):
            return job
    raise AssertionError(f"still {job.state} in {job.phase}: {job.error}")
