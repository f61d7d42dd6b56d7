"""Questions, conditions and failures in the words of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feedback.rubrics.models import Criterion

Kind = Criterion.Kind
WORDS = {
    "yes": "Yes",
    "no": "No",
    "unsure": "Unsure",
    "preferred": "One better",
    "tie": "Equal",
    "both_bad": "Both unacceptable",
}


def answer_words(criterion: Criterion, value: str) -> str:
    """An answer as the page puts it."""
    entries = criterion.options.get("choices", [])
    return next((entry["label"] for entry in entries if entry["value"] == value), WORDS.get(value, value))


def listed(words: Sequence[str]) -> str:
    """A, B or C."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def condition_words(criterion: Criterion, criteria: Sequence[Criterion]) -> str:
    """When a question is asked: 'asked only if “Is it grounded?” is No'; empty for always."""
    condition = criterion.asked_when
    earlier = next((other for other in criteria if other.key == condition.get("criterion")), None)
    if earlier is None:
        return ""
    return f"asked only if “{earlier.label}” {met_words(earlier, condition)}"


def met_words(earlier: Criterion, condition: dict[str, Any]) -> str:
    if "values" in condition:
        said = listed([answer_words(earlier, value) for value in condition["values"]])
        verb = {Kind.MULTI_CHOICE: "has", Kind.COMPARISON: "is answered"}.get(Kind(earlier.kind), "is")
        return f"{verb} {said}"
    if "below" in condition:
        return f"is below {condition['below']:g}"
    if "at_least" in condition:
        return f"is at least {condition['at_least']:g}"
    return {Kind.SPANS: "has a span", Kind.CORRECTION: "is rewritten"}.get(Kind(earlier.kind), "is answered")


def failure_words(criterion: Criterion) -> str:
    """Which settled answers count as a failure; empty for none."""
    fails = criterion.fails_when
    if not fails:
        return ""
    if "below" in fails:
        return f"fails below {fails['below']:g}"
    if "values" in fails:
        settled = "settled with" if criterion.kind == Kind.MULTI_CHOICE else "settled as"
        return f"fails when {settled} {listed([answer_words(criterion, value) for value in fails['values']])}"
    return "fails when anything is marked"
