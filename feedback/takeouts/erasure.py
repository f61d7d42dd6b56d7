"""A take-out holds every row of the project, so those that were made before go, and one under way begins no file."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from feedback.erasing import Part, Scope
from feedback.jobs import Job
from feedback.takeouts.models import TakeOut


def takeouts(scope: Scope) -> QuerySet[Any]:
    under_way = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    rows = TakeOut.objects.filter(project=scope.project_id)
    return rows.filter(under_way | ~Q(file="")) if scope.responses.exists() else rows.none()


def delete(rows: QuerySet[Any]) -> None:
    for takeout in rows:
        if not takeout.cancel() and takeout.file:
            takeout.delete_file()


PARTS = [Part("take-outs", takeouts, delete, chunk=5, is_last=True)]
