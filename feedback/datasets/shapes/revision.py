"""The prompt-revision file: per prompt version, what failed and why, and what passed and must stay so.

Cases of the test split are held out: a prompt that was revised on them could not be judged by them. So are cases that
touch two splits.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.columns import BOOL, INT, JSON, TEXT, Columns
from feedback.datasets.shapes.order import stable
from feedback.datasets.shapes.spans import PASSAGE, SPAN
from feedback.datasets.shapes.votes import VERDICT

SCHEMA = "touchstone.revision/1"
facts, read = cases.facts, cases.held_open


def record(case: cases.Case, facts: dict[str, Any]) -> dict[str, Any]:
    return stable(case)


NAMES = ("outcome", "prompt", "prompt_version", "template", "output", "split")
RESPONSE: Columns = {"external_id": TEXT, "model": TEXT, "prompt_version": TEXT, "licence": TEXT, "consent": BOOL}
REASON: Columns = {"reviewer": TEXT, "criterion": TEXT, "text": TEXT}


def columns(facts: dict[str, Any]) -> Columns:
    held: Columns = dict.fromkeys(("variables", "messages", "tool_calls", "tools", "answers"), JSON) | dict.fromkeys(
        NAMES, TEXT
    )
    held |= {"reasons": [REASON], "corrections": [{"reviewer": TEXT, "text": TEXT}], "passages": [PASSAGE]}
    held |= {"spans": [{**SPAN, "in_passage": INT}], "response": RESPONSE, "is_text": BOOL, **VERDICT}
    return {name: held[name] for name in sorted(held)}
