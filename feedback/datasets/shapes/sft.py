"""What was chosen or corrected, to learn from by example: `prompt` and `completion` as TRL's SFTTrainer reads them.

The loss is on the completion only: earlier answers in the conversation were not judged, and a row of plain `messages`
would train on them too. An answer is written once however many it beat, and not at all when another pair rejects it, as
the original of a correction is, or when it is the better of two by its ratings and yet fails its rubric.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef

from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import is_blank

SCHEMA = "touchstone.sft/1"
Source = PreferencePair.Source
facts = pairs.facts


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, Pair]]:
    """Each with whether its answer is rejected elsewhere, whether an earlier pair has it, and what its verdict says."""
    others, same = PreferencePair.objects.filter(version=version), OuterRef("chosen_response")
    marks = {
        "is_rejected": Exists(others.filter(rejected_response=same)),
        "is_repeated": Exists(others.filter(chosen_response=same, position__lt=OuterRef("position"))),
        "is_failure": F("verdict__is_failure"),
    }
    return pairs.read(version, split, after, limit, facts, marks)


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    if reason := not_learnt(pair):
        return reason
    return {"prompt": pair.prompt, "completion": pair.chosen} | pairs.origin(pair, has_tools=facts["has_tools"])


def not_learnt(pair: Pair) -> str:
    """Why its answer is no example; empty when it is one."""
    is_rejected, is_repeated, is_failure = pair.marks
    if is_failure and pair.source == Source.RATING:  # of the chosen one; a correction's verdict is on the original
        return "failed"
    if is_rejected:
        return "rejected_elsewhere"
    if is_repeated:
        return "repeated"
    return "blank_turn" if any(is_blank(message) for message in pair.prompt) else ""


def columns(facts: dict[str, Any]) -> Columns:
    return dict.fromkeys(("prompt", "completion"), pairs.turns(facts)) | pairs.columns(facts)
