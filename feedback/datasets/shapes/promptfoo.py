"""promptfoo tests: one a case, with the template's variables and a model-graded rubric in the reviewers' words.

A failed case must not repeat what was flagged and should meet the correction; a passed case must stay as good.
promptfoo reads the lines as they are: `tests: file://<name>.jsonl`.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.evaluation import rubric
from feedback.datasets.shapes.order import stable

SCHEMA = "touchstone.promptfoo/1"
EXTENSION = "jsonl"
facts, read = cases.facts, cases.held_open


def record(case: cases.Case, facts: dict[str, Any]) -> dict[str, Any]:
    found = test(case)
    return {**found, "vars": stable(found["vars"])}


def test(case: dict[str, Any]) -> dict[str, Any]:
    variables = case["variables"] or {"messages": case["messages"]}
    return {
        "description": f"{case['outcome']}: {case['response']['external_id']}",
        "vars": variables,
        "assert": [{"type": "llm-rubric", "value": rubric(case)}],
        "metadata": {
            "prompt": case["prompt"],
            "prompt_version": case["prompt_version"],
            "response": case["response"]["external_id"],
            "outcome": case["outcome"],
        },
    }
