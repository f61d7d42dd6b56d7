"""An uploaded file of labels: its rows through the import, and how the first of them read."""

from __future__ import annotations

import json
from typing import Any

from feedback.audit.log import record
from feedback.responses.columns import as_text
from feedback.responses.ingest import Incoming, Refusal, external_id_of
from feedback.responses.rows import RowRefused
from reviews.imports.labels import CHUNK, LabelImport, turn_of
from reviews.imports.models import LabelUpload

HEADINGS = ["External id", "Source", "Reviewer", "Queue", "Responses", "Answers", "Judged"]
WORDS = 160


def take(upload: LabelUpload, chunk: list[Incoming]) -> tuple[dict[str, int], list[Refusal]]:
    delivery = LabelImport(upload.project, upload.by)
    for start in range(0, len(chunk), CHUNK):
        delivery.take_chunk(chunk[start : start + CHUNK])
    result = delivery.result
    counts = {"accepted": result.accepted, "repeated": result.repeated, "refused": result.n_refused}
    return {state: n for state, n in counts.items() if n}, result.refused


def shown(chunk: list[Incoming]) -> list[dict[str, Any]]:
    """What each row says."""
    return [{"line": row.index + 1, "cells": cells(row)} for row in chunk]


def cells(row: Incoming) -> list[str]:
    try:
        label = turn_of(row).label
    except RowRefused:
        return [external_id_of(row.value)] + [""] * (len(HEADINGS) - 1)
    answers = "; ".join(f"{key}: {said(value)}" for key, value in label.answers.items())[:WORDS]
    responses = ", ".join(label.responses)[:WORDS]
    judged = as_text(label.reviewed_at)
    return [label.external_id, label.source, label.reviewer, label.queue, responses, answers, judged]


def said(value: Any) -> str:
    """An answer in words: a preference names the preferred one, marks are counted."""
    if isinstance(value, list):
        return f"{len(value)} mark{'' if len(value) == 1 else 's'}"
    if isinstance(value, dict):
        named = value.get("preferred") or value.get("text") or value.get("outcome")
        return str(named) if named is not None else json.dumps(value, ensure_ascii=False)
    return str(value)


def written_down(upload: LabelUpload) -> None:
    """As every import is: who brought how many."""
    accepted = upload.counts.get("accepted", 0)
    if accepted:
        record(
            "reviews-imported", upload.project, project=upload.project, actor=upload.by or "system", accepted=accepted
        )
