"""An uploaded file of responses: its rows through ingest, and how the first of them look once they are stored."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.files.storage import default_storage

from feedback.responses import files
from feedback.responses.columns import COLUMNS, as_text
from feedback.responses.files import Form
from feedback.responses.ingest import Delivery, Incoming, Outcome, Refusal
from feedback.responses.models import IngestBatch, Response, ResponseUpload
from feedback.responses.shown import add_input_words, listed

# What the preview shows of a row, and how it reads.
PREVIEWED = ("external_id", "asked", "answered", "model", "prompt", "cost")
HEADINGS = [COLUMNS[key].label for key in PREVIEWED]


def take(upload: ResponseUpload, chunk: list[Incoming]) -> tuple[dict[str, int], list[Refusal]]:
    if upload.batch is None and not upload.is_waiting:
        upload.batch = IngestBatch.objects.create(project=upload.project, source="file", name=upload.name)
    outcomes = delivery(upload).take_chunk(chunk)
    return dict(Counter(outcome.state for outcome in outcomes)), [row.refusal for row in outcomes if row.refusal]


def delivery(upload: ResponseUpload) -> Delivery:
    return Delivery(upload.project, upload.batch, strict=upload.form != Form.CSV)


def shown(upload: ResponseUpload, chunk: list[Incoming]) -> list[dict[str, Any]]:
    """Inside the trial: by now the rows are stored, so that taking them again only finds them."""
    outcomes = delivery(upload).take_chunk(chunk)
    found = [outcome.pk for outcome in outcomes if outcome.pk]
    rows = list(listed(Response.objects.filter(project=upload.project, pk__in=found)))
    add_input_words(rows)
    by_pk = {row.pk: row for row in rows}
    return [line(incoming, outcome, by_pk) for incoming, outcome in zip(chunk, outcomes, strict=True)]


def line(incoming: Incoming, outcome: Outcome, rows: dict[int, Response]) -> dict[str, Any]:
    row = rows.get(outcome.pk or 0)
    cells = [as_text(COLUMNS[key].shown(row)) for key in PREVIEWED] if row and not outcome.refusal else []
    return {"line": incoming.index + 1, "cells": cells or [outcome.external_id] + [""] * (len(PREVIEWED) - 1)}


def odd_columns(upload: ResponseUpload) -> list[str]:
    with default_storage.open(upload.file) as file:
        return files.odd_columns(file)
