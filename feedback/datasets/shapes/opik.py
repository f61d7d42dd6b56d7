"""Items of an Opik dataset: flat objects, whose keys fill the placeholders of a prompt.

Where the response tells its template's variables, they are the keys; else there is `question`, the last turn. A
variable that has the name of another key would take its place: such a case is left out.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import evaluation
from feedback.datasets.shapes.cases import Case

SCHEMA = "touchstone.opik/1"
OURS = {"expected_answer", "metadata"}
facts, read = evaluation.facts, evaluation.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = evaluation.item(case, facts)
    if isinstance(found, str):
        return found
    variables = found.variables or {"question": found.question}
    if OURS & set(variables):
        return "reserved_name"
    return {**variables, "expected_answer": found.reference, "metadata": {"id": found.id, **found.metadata}}
