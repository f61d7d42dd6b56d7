"""The files that a fine-tune learns from: the training and the validation split; the test split stays sealed."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage

from feedback.datasets import exports
from feedback.datasets.models import Export, Split
from feedback.jobs import JobRefused
from feedback.training.models import FineTuneJob


def ask_for_files(job: FineTuneJob, shape: str, *, http: Any = None) -> None:
    """Before the job is saved: its two files, begun if they do not exist."""
    options: dict[str, Any] = {"by": job.requested_by, "http": http}
    job.train_export = exports.request(job.version, shape, Split.TRAIN, **options)
    job.validation_export = exports.request(job.version, shape, Split.VALIDATION, **options)


def opened(export: Export) -> Any:
    """The file, for reading. Raises JobRefused when somebody deleted it."""
    if not default_storage.exists(export.file):
        raise JobRefused(f"The {export.split} file is gone. Make it again on the version's page, then start anew.")
    return default_storage.open(export.file)
