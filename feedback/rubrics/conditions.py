"""When a question is asked: always, or only if an earlier one was answered so ("how severe, only if it is flagged")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feedback.rubrics.models import Criterion


def meets(condition: Mapping[str, Any], answer: Any) -> bool:
    """Whether an answer, in the one shape of answers, is what the condition names; no answer never is."""
    if answer is None:
        return False
    if "values" in condition:
        said = answer.get("outcome") if isinstance(answer, dict) else answer
        return not set(said if isinstance(said, list) else [said]).isdisjoint(condition["values"])
    if "below" in condition:
        return bool(answer < condition["below"])
    if "at_least" in condition:
        return bool(answer >= condition["at_least"])
    return bool(answer)


def is_asked(criterion: Criterion, answers: Mapping[str, Any]) -> bool:
    """Whether the question follows from the answers; those of questions that were not asked must not be in them."""
    condition = criterion.asked_when
    return not condition or meets(condition, answers.get(condition["criterion"]))


def asked_only(criteria: Sequence[Criterion], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without those to questions that were not asked. A condition on one of these is not met either."""
    kept: dict[str, Any] = {}
    for criterion in criteria:
        if criterion.key in answers and is_asked(criterion, kept):
            kept[criterion.key] = answers[criterion.key]
    return kept
