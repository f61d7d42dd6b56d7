"""Preference pairs as two whole conversations (shape B): `chosen` and `rejected`, the prompt at the head of both.

For reward trainers that want no prompt of its own (TRL's RewardTrainer, OpenRLHF without a prompt key), for torchtune,
axolotl's `argilla_chat` and RewardBench, which takes the prompt as `chosen` without its last turn. They render whatever
turns there are, an empty answer of the assistant too, as if it were one to learn from: such a pair is left out.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import Columns
from feedback.datasets.shapes.pairs import Message, Pair
from feedback.datasets.shapes.turns import is_blank

SCHEMA = "touchstone.conversation/1"
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    both = conversations(pair)
    return both if isinstance(both, str) else both | pairs.origin(pair, has_tools=facts["has_tools"])


def conversations(pair: Pair) -> dict[str, list[Message]] | str:
    prompt = pair.prompt
    if any(is_blank(message) for message in prompt):
        return "blank_turn"
    return {"chosen": [*prompt, *pair.chosen], "rejected": [*prompt, *pair.rejected]}


def columns(facts: dict[str, Any]) -> Columns:
    return dict.fromkeys(("chosen", "rejected"), pairs.turns(facts)) | pairs.columns(facts)
