"""promptfoo tests: one a case, with the template's variables and a model-graded rubric in the reviewers' words.

A failed case must not repeat what was flagged and should meet the correction; a passed case must stay as good.
promptfoo reads the lines as they are: `tests: file://<name>.jsonl`.

promptfoo takes texts for templates and for names of files: what an end user wrote could read a file or a secret of
whoever runs the tests. Marks in a rubric are written so that they come out as themselves. A variable has no such way:
its case is left out. A list stays one value (promptfoo would make a test of each of its members).
"""

from __future__ import annotations

import re
from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.evaluation import rubric
from feedback.datasets.shapes.order import stable

SCHEMA = "touchstone.promptfoo/1"
MARKS = re.compile(r"\{[{%#]|#\}")  # of Nunjucks
CALLS = ("file://", "package:")
facts, read = cases.facts, cases.held_open


def record(case: cases.Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    variables = case["variables"] or {"messages": case["messages"]}
    if any(is_code(value) for value in variables.values()):
        return "reads_as_code"
    return {
        "description": f"{case['outcome']}: {case['response']['external_id']}",
        "vars": stable(variables),
        "options": {"disableVarExpansion": True},
        "assert": [{"type": "llm-rubric", "value": MARKS.sub(r"{{ '\g<0>' }}", rubric(case))}],
        "metadata": {
            "prompt": case["prompt"],
            "prompt_version": case["prompt_version"],
            "response": case["response"]["external_id"],
            "outcome": case["outcome"],
        },
    }


def is_code(value: Any) -> bool:
    """Whether promptfoo would load or render it. What stands inside a list or an object it leaves alone."""
    return isinstance(value, str) and (value.startswith(CALLS) or MARKS.search(value) is not None)
