"""The prompt-revision file: per prompt version, what failed and why, and what passed and must stay so.

Cases of the test split are held out: a prompt that was revised on them could not be judged by them. So are cases that
touch two splits.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.order import stable

SCHEMA = "touchstone.revision/1"
EXTENSION = "jsonl"
facts, read = cases.facts, cases.held_open


def record(case: cases.Case, facts: dict[str, Any]) -> dict[str, Any]:
    return stable(case)
