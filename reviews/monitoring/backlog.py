"""What runs and what waits: the job rows of a project across all tables, and how long each bell keeps them waiting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, DateTimeField, F, Min, Q, When
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from feedback.accounts.models import Project
from feedback.jobs import TRIES, Job, JobQuerySet, job_models
from reviews.monitoring.models import SILENT_SECONDS, WorkerBeat

Model = type[Job]
BELLS = {
    "default": "sweeps and short jobs",
    "bulk": "draws, dataset versions and files",
    "stats": "heavy computing",
}
UNEXPECTED = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Refused|Timeout|Expired|Exit)): ?", re.S)


def kinds() -> dict[str, Model]:
    """Every table of jobs that belong to projects, by its label."""
    return {
        model._meta.label_lower: model
        for model in sorted(job_models(), key=lambda model: model._meta.label_lower)
        if model.is_listed and any(field.name == "project" for field in model._meta.concrete_fields)
    }


def kind_words(model: Model) -> str:
    return str(model._meta.verbose_name).capitalize()


@dataclass(frozen=True)
class Place:
    """Where a list of several tables goes on: after this job."""

    at: datetime
    label: str
    pk: int

    @classmethod
    def of(cls, job: Job) -> Place:
        return cls(job.created_at, job._meta.label_lower, job.pk)

    @classmethod
    def parse(cls, given: str) -> Place | None:
        at, label, pk = (given.split("~") + ["", ""])[:3]
        try:
            moment = parse_datetime(at)
        except ValueError:
            moment = None
        known = moment is not None and moment.tzinfo is not None and label in kinds() and pk.isdecimal()
        return cls(moment, label, int(pk)) if known and len(pk) < 18 and moment else None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.label}~{self.pk}"

    def after(self, label: str) -> Q:
        """Rows of this table that come later in the list."""
        earlier, same = Q(created_at__lt=self.at), Q(created_at=self.at)
        if label == self.label:
            return earlier | same & Q(pk__lt=self.pk)
        return earlier | same if label > self.label else earlier


def of_kind(model: Model, project: Project) -> JobQuerySet:
    """The project's jobs of one table, with what their names need; every kind has the field, the abstract model not."""
    rows: JobQuerySet = model.objects.filter(project=project).select_related(*model.named_by)  # type: ignore[misc]
    return rows


def jobs_of(
    project: Project, *, kind: str = "", state: str = "", after: Place | None = None, limit: int = 50
) -> list[Job]:
    """Newest first, one statement a table."""
    found: list[Job] = []
    for label, model in kinds().items():
        if kind and label != kind:
            continue
        rows = of_kind(model, project)
        rows = rows.filter(state=state) if state else rows
        rows = rows.filter(after.after(label)) if after else rows
        found += rows.order_by("-created_at", "-pk")[:limit]
    found.sort(key=lambda job: job.pk, reverse=True)
    found.sort(key=lambda job: job._meta.label_lower)
    found.sort(key=lambda job: job.created_at, reverse=True)
    for job in found[:limit]:
        job.project = project  # type: ignore[attr-defined]  # known: its address needs no statement
    return found[:limit]


def error_words(error: str) -> tuple[str, str]:
    """What a person reads of a job's error, and the technical rest. A refusal is a sentence already."""
    known = UNEXPECTED.match(error)
    if known or "Last error: " in error:
        return "It met an error nobody foresaw. The worker's log has more.", error
    return error, ""


def tries(job: Job) -> int:
    """How often it was taken up in a row without one good chunk."""
    return int(job.cursor.get(TRIES, 0))


@dataclass
class Bell:
    """One Celery queue: how many rows wait for it, since when the oldest, and how many live workers hear it."""

    name: str
    words: str
    waiting: int = 0
    oldest: timedelta | None = None
    workers: int = 0

    @property
    def is_deaf(self) -> bool:
        return bool(self.waiting and not self.workers)


def bells(workers: list[Any]) -> list[Bell]:
    """Of all projects together, since workers serve them all: one statement a table.

    A job waits since it was asked for, or since its pause or its silent worker's lease was over. One that put itself
    down between two slices counts as waiting, without an age.
    """
    found = {name: Bell(name, BELLS.get(name, "jobs")) for name in settings.CELERY_TASK_QUEUES}
    since = Case(
        When(lease_until__isnull=False, then=F("lease_until")),
        When(attempt=0, then=F("created_at")),
        output_field=DateTimeField(),
    )
    now = timezone.now()
    for model in job_models():
        bell = found[model.bell]
        sums = model.objects.claimable().aggregate(n=Count("pk"), since=Min(since))
        bell.waiting += sums["n"]
        if sums["since"]:
            bell.oldest = max(bell.oldest or timedelta(0), now - sums["since"])
    for bell in found.values():
        bell.workers = sum(bell.name in worker.bells for worker in workers if is_alive(worker))
    return list(found.values())


def is_alive(worker: Any) -> bool:
    return bool(worker.silence < timedelta(seconds=SILENT_SECONDS))


def workers() -> list[Any]:
    """Every worker that is remembered, with its silence, the liveliest first."""
    return list(WorkerBeat.objects.with_silence().order_by("-seen_at"))


def alarm(workers: list[Any], bells: list[Bell]) -> str:
    """What is wrong with the workers, in one sentence; empty when nothing is."""
    if not workers:
        return "No worker has been heard of yet: jobs wait."
    if not any(map(is_alive, workers)):
        return f"No worker has been heard of for {span_words(workers[0].silence)}: jobs wait."
    deaf = [bell for bell in bells if bell.is_deaf]
    if deaf:
        return f"Jobs wait for the queue “{deaf[0].name}”, and no worker listens to it."
    return ""


def span_words(span: timedelta | None) -> str:
    """A length of time as people say it: 8 s, 3 min, 2 h 5 min, 4 d."""
    if span is None:
        return ""
    seconds = max(0, int(span.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 2:
        return f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes >= 2 else f"{seconds} s"
