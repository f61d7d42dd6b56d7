"""One case as an item of an evaluation set: what goes in, what should come out, and what reviewers said.

The consumers differ in names only. An item has the same id in every version, so that loading a later file into a tool
replaces what an earlier one put there. The test split is held back unless it is asked for by name: most of these tools
also revise prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from feedback.datasets.models import DatasetVersion
from feedback.datasets.shapes import cases
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import NAMED_MESSAGE, TEXT, Columns, Kind
from feedback.datasets.shapes.order import stable
from feedback.datasets.shapes.pairs import Message

read = cases.held_open


def facts(version: DatasetVersion) -> dict[str, Any]:
    return {**cases.facts(version), "project": version.project.slug, "dataset": version.dataset.key}


@dataclass(slots=True)
class Item:
    id: str
    split: str
    messages: list[Message]
    variables: dict[str, Any]
    question: str  # the last turn
    reference: str | None  # what should come out, where somebody wrote or accepted it
    metadata: dict[str, Any]


def item(case: Case, facts: dict[str, Any]) -> Item | str:
    """The case as an item, or why it is none."""
    if not case.get("is_text", True):
        return "not_only_text"
    if case.get("tools") or case.get("tool_calls") or any(turn.get("tool_calls") for turn in case["messages"]):
        return "tools"
    if not case["messages"] or case["messages"][-1]["role"] != "user":
        return "prompt_not_open"
    of = (facts["project"], case["response"]["external_id"], case["queue"], case["rubric"])
    return Item(
        id=str(uuid5(NAMESPACE_URL, "\n".join(("touchstone", *of)))),
        split=case["split"],
        messages=cases.prompt_of(case),
        variables=stable(case["variables"]),
        question=case["messages"][-1]["content"],
        reference=reference(case),
        metadata={
            "prompt": case["prompt"],
            "prompt_version": case["prompt_version"],
            "response": case["response"]["external_id"],
            "outcome": case["outcome"],
            "rejected_answer": case["output"] if case["outcome"] == "failed" else None,
            "rubric": rubric(case),
        },
    )


def reference(case: Case) -> str | None:
    """The first correction, else the answer itself when it passed."""
    written = [row["text"] for row in case["corrections"]]
    accepted = [case["output"]] if case["outcome"] == "passed" and case["output"].strip() else []
    return next(iter(written + accepted), None)


def rubric(case: Case) -> str:
    """What a grader should ask for, from what reviewers wrote and marked."""
    if case["outcome"] == "passed":
        return f"Is at least as good as this accepted answer, and says nothing that contradicts it: {case['output']}"
    parts = [f"Does not claim: “{span['quote']}” ({span['kind']}). {span['note']}".strip() for span in case["spans"]]
    parts += [f"According to the source: “{s['evidence']['quote']}”" for s in case["spans"] if s["evidence"]]
    parts += [f"A reviewer wrote: {reason['text']}" for reason in case["reasons"]]
    parts += [f"Agrees with this corrected answer: {row['text']}" for row in case["corrections"]]
    return "\n".join(parts) or f"Is better than this rejected answer: {case['output']}"


MESSAGES: Kind = [NAMED_MESSAGE]
METADATA: Columns = dict.fromkeys(
    ("prompt", "prompt_version", "response", "outcome", "rejected_answer", "rubric"), TEXT
)
