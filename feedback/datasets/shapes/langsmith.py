"""Examples of a LangSmith dataset: `inputs`, `outputs`, `metadata`, `split`, and an id that is a UUID.

`outputs` is empty where nobody wrote or accepted an answer: an evaluator that compares would take any value for one.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import JSON, TEXT, Columns

SCHEMA = "touchstone.langsmith/1"
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    return {
        "id": found.id,
        "inputs": {"messages": found.messages},
        "outputs": {} if found.reference is None else {"answer": found.reference},
        "metadata": {**found.metadata, "variables": found.variables},
        "split": found.split,
    }


def columns(facts: dict[str, Any]) -> Columns:
    inputs, outputs = {"messages": evaluation.MESSAGES}, {"answer": TEXT}
    metadata = {**evaluation.METADATA, "variables": JSON}
    return {"id": TEXT, "inputs": inputs, "outputs": outputs, "metadata": metadata, "split": TEXT}
