"""What `build` and `export` share: finding things by name, and working a job to its end in this process."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset
from feedback.jobs import Job

PAUSE_SECONDS = 0.5


def the_dataset(project_slug: str, key: str) -> Dataset:
    project = Project.objects.filter(slug=project_slug, archived_at=None).first()
    if project is None:
        raise CommandError(f"There is no project {project_slug!r}.")
    dataset = Dataset.objects.filter(project=project, key=key).first()
    if dataset is None:
        known = ", ".join(project.datasets.order_by("key").values_list("key", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no dataset {key!r} in {project_slug!r}. Datasets: {known}.")
    return dataset


def finish(job: Any) -> None:
    """Work the job here, or wait for the worker that has it; CommandError when it does not end well."""
    while not job.is_finished:
        jobs.run(type(job), job.pk)
        job.refresh_from_db()
        if not job.is_finished:
            time.sleep(PAUSE_SECONDS)
    if job.state != Job.State.DONE:
        raise CommandError(f"{job} {job.state}: {job.error or 'stopped by somebody'}")
