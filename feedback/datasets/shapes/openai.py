"""Preference pairs as hosted services take them (shape C): OpenAI, Azure OpenAI, Together and Fireworks.

Each of them trains on exactly one assistant message an output, after an `input` that closes with the user. One file
serves all four, so the strictest rule holds: no key besides these three (Together refuses a file with another one), the
system turn first and only once, then user and assistant in turn, text only. Where the pair came from stands in the
provenance file. They want ten pairs at least (Fireworks three), and training and validation as files of their own.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import MESSAGE, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import dialogue

SCHEMA = "touchstone.openai/1"
TELLS_SPLIT = False
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = dialogue(pair)
    if isinstance(found, str):
        return found
    return {
        "input": {"messages": found.prompt},
        "preferred_output": [{"role": "assistant", "content": found.chosen}],
        "non_preferred_output": [{"role": "assistant", "content": found.rejected}],
    }


def columns(facts: dict[str, Any]) -> Columns:
    return {"input": {"messages": [MESSAGE]}, "preferred_output": [MESSAGE], "non_preferred_output": [MESSAGE]}
