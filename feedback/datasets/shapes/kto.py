"""Single answers, each good or bad (KTO): `prompt`, `completion`, and `label`, which is a boolean.

Labels come from absolute judgements, what a rubric passes or fails; pairs split in two would call the better of two bad
answers good. KTOTrainer reads in the order of the file and sets each prompt against its neighbour's answer, so that
answers to one prompt are kept apart. The manifest counts both labels: `desirable_weight` x good should be 1 to 4/3
times `undesirable_weight` x bad.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.cases import Case

SCHEMA = "touchstone.kto/1"
EXTENSION = "jsonl"
TALLIED = "label"
facts, read = cases.facts, cases.apart


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    if reason := cases.refused(case, facts):
        return reason
    return {
        "prompt": cases.prompt_of(case),
        "completion": [{"role": "assistant", "content": case["output"]}],
        "label": case["outcome"] == "passed",
        **cases.origin(case),
    }
