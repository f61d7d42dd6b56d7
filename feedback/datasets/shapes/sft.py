"""What was chosen or corrected, to learn from by example: `prompt` and `completion` as TRL's SFTTrainer reads them.

The loss is on the completion only: earlier answers in the conversation were not judged, and a row of plain `messages`
would train on them too. An answer is written once however many it beat, and not at all when another pair rejects it, as
the original of a correction is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef

from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import is_blank

SCHEMA = "touchstone.sft/1"
EXTENSION = "jsonl"
facts = pairs.facts


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, Pair]]:
    """Each pair with whether its answer is rejected elsewhere, and whether an earlier pair has it."""
    others, same = PreferencePair.objects.filter(version=version), OuterRef("chosen_response")
    marks = {
        "is_rejected": Exists(others.filter(rejected_response=same)),
        "is_repeated": Exists(others.filter(chosen_response=same, position__lt=OuterRef("position"))),
    }
    return pairs.read(version, split, after, limit, facts, marks)


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    is_rejected, is_repeated = pair.marks
    if is_rejected:
        return "rejected_elsewhere"
    if is_repeated:
        return "repeated"
    prompt = pair.prompt
    if any(is_blank(message) for message in prompt):
        return "blank_turn"
    return {"prompt": prompt, "completion": pair.chosen} | pairs.origin(pair, has_tools=facts["has_tools"])
