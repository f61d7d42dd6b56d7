"""Rows for OpenAI's evals: an `item` that obeys the schema beside it, for graders that compare or that read a rubric.

Every property of the schema is in every row and of its type; `reference` is text, so that a case for which nobody wrote
or accepted an answer is left out.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import TEXT, Columns

SCHEMA = "touchstone.openai_evals/1"
ITEM = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "messages": {"type": "array", "items": {"type": "object"}},
        "question": {"type": "string"},
        "reference": {"type": "string"},
        "rubric": {"type": "string"},
        "split": {"type": "string"},
    },
    "required": ["id", "messages", "question", "reference", "rubric", "split"],
}
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    if found.reference is None:
        return "no_reference"
    item = {
        "id": found.id,
        "messages": found.messages,
        "question": found.question,
        "reference": found.reference,
        "rubric": found.metadata["rubric"],
        "split": found.split,
    }
    return {"item": item}


def beside(file_name: str) -> dict[str, Any]:
    """Files that stand beside this one, by name."""
    return {"item_schema.json": ITEM}


def columns(facts: dict[str, Any]) -> Columns:
    texts = dict.fromkeys(("question", "reference", "rubric", "split"), TEXT)
    return {"item": {"id": TEXT, "messages": evaluation.MESSAGES, **texts}}
