"""Items of a Langfuse dataset, each the body of a call that creates or replaces it: its `id` is what it goes by.

The id is made of the project, the response and the queue and rubric that judged it, so that it is the project's own in
Langfuse too and the same in every version.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import JSON, TEXT, Columns

SCHEMA = "touchstone.langfuse/1"
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    return {
        "datasetName": facts["dataset"],
        "id": found.id,
        "input": {"messages": found.messages, "variables": found.variables},
        "expectedOutput": found.reference,
        "metadata": {"split": found.split, **found.metadata},
        "status": "ACTIVE",
    }


def columns(facts: dict[str, Any]) -> Columns:
    metadata = {"split": TEXT, **evaluation.METADATA}
    given = {"messages": evaluation.MESSAGES, "variables": JSON}
    about = {"datasetName": TEXT, "id": TEXT, "input": given, "expectedOutput": TEXT}
    return {**about, "metadata": metadata, "status": TEXT}
