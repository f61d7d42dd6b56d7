"""A fine-tune that learns from a person's rows is stopped, and its copies of the files and what its log may quote go.

What a model has learnt by then stays in it, and what was handed over lies where it was sent.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from feedback.datasets.erasure import pairs, votes_and_cases
from feedback.erasing import Part, Scope
from feedback.training import local
from feedback.training.models import FineTuneJob, TrainingLine


def learning(scope: Scope) -> QuerySet[Any]:
    """Fine-tunes of versions that hold rows of the person."""
    found = [rows.values_list("version", flat=True).distinct() for rows in (pairs(scope), votes_and_cases(scope))]
    return FineTuneJob.objects.filter(project=scope.project_id, version__in={pk for rows in found for pk in rows})


def under_way(scope: Scope) -> QuerySet[Any]:
    rows: Any = learning(scope)
    found: QuerySet[Any] = rows.filter(is_cancelling=False, state__in=["queued", "running"])
    return found


def stop(jobs: QuerySet[Any]) -> None:
    for job in jobs:
        job.cancel()


def told(scope: Scope) -> QuerySet[Any]:
    return TrainingLine.objects.filter(job__in=learning(scope))


def copies(scope: Scope) -> QuerySet[Any]:
    held = [job.pk for job in learning(scope) if local.holds_texts(job)]
    return FineTuneJob.objects.filter(pk__in=held)


def delete(jobs: QuerySet[Any]) -> None:
    for job in jobs:
        local.forget(job)


PARTS = [
    Part("fine-tunes under way", under_way, stop, chunk=20),
    Part("log lines of fine-tunes", told, lambda rows: rows.delete()),
    Part("copies of training files", copies, delete, chunk=20, reads_files=True),
]
