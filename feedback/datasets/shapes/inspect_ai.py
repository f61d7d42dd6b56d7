"""Samples for Inspect: `input` as messages, `target`, `id` and `metadata`.

A sample without a target is scored against an empty one, so that a case for which nobody wrote or accepted an answer is
left out.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import JSON, TEXT, Columns

SCHEMA = "touchstone.inspect_ai/1"
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    if found.reference is None:
        return "no_reference"
    metadata = {"split": found.split, **found.metadata, "variables": found.variables}
    return {"input": found.messages, "target": found.reference, "id": found.id, "metadata": metadata}


def columns(facts: dict[str, Any]) -> Columns:
    metadata = {"split": TEXT, **evaluation.METADATA, "variables": JSON}
    return {"input": evaluation.MESSAGES, "target": TEXT, "id": TEXT, "metadata": metadata}
