"""What webhooks are told of datasets, in the transaction of what happened. Events of one dataset keep their order."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from feedback.datasets.models import DatasetVersion, Export
from feedback.jobs import Job
from feedback.outbox.emit import emit


def version_ready(version: DatasetVersion) -> None:
    """It is complete, and the newest complete one before it is superseded."""
    facts = {**place(version), "pairs": version.counts["pairs"], "rows_sha256": version.rows_sha256}
    emit(version.project_id, "dataset.version.ready", about(version), facts)
    complete = version.dataset.versions.filter(state=Job.State.DONE, number__lt=version.number)
    older = complete.select_related("dataset").order_by("-number").first()
    if older is not None:
        version_superseded(older, "newer", by=version)


def version_superseded(version: DatasetVersion, reason: str, by: DatasetVersion | None = None) -> None:
    """It is no longer the one to use: why, in a word, and which one is, if any."""
    facts = {**place(version), "reason": reason, "by": by.pk if by else None}
    emit(version.project_id, "dataset.version.superseded", about(version), facts)


def export_ready(export: Export) -> None:
    facts = {
        **place(export.version),
        "export": export.pk,
        "shape": export.shape,
        "split": export.split,
        "rows": export.n_rows,
        "bytes": export.n_bytes,
        "sha256": export.sha256,
        "api": address("api:export-detail", export.pk),
    }
    emit(export.project_id, "export.ready", about(export.version), facts)


def about(version: DatasetVersion) -> str:
    return f"dataset/{version.dataset.key}"


def place(version: DatasetVersion) -> dict[str, Any]:
    return {
        "dataset": version.dataset.key,
        "number": version.number,
        "version": version.pk,
        "api": address("api:version-detail", version.pk),
    }


def address(route: str, pk: int) -> str:
    return f"{settings.BASE_URL}{reverse(route, args=[pk])}"
