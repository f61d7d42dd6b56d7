"""Records for DSPy and its optimisers, GEPA among them: `dspy.Example(**row).with_inputs("question")`.

`answer` is what should come out, null where nobody wrote or accepted one; `feedback` is what reviewers said, as text,
which GEPA reflects on beside a score. `question` is the last turn, `messages` are all of them.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import JSON, TEXT, Columns

SCHEMA = "touchstone.dspy/1"
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    return {
        "question": found.question,
        "messages": found.messages,
        "variables": found.variables,
        "answer": found.reference,
        "feedback": found.metadata["rubric"],
        "rejected_answer": found.metadata["rejected_answer"],
        "id": found.id,
        "split": found.split,
    }


def columns(facts: dict[str, Any]) -> Columns:
    texts = dict.fromkeys(("answer", "feedback", "rejected_answer", "id", "split"), TEXT)
    return {"question": TEXT, "messages": evaluation.MESSAGES, "variables": JSON, **texts}
