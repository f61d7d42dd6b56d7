"""Preference pairs for Amazon Nova (shape G): messages that close in one assistant turn with two labelled candidates.

A prompt may not open with the words that the service keeps for its own template; such pairs are left out. The system
prompt stands apart, turns begin with the user's and alternate, and all is text.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import TEXT, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import dialogue

SCHEMA = "touchstone.nova/1"
TELLS_SPLIT = False
RESERVED = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = dialogue(pair)
    if isinstance(found, str):
        return found
    said = [found.system, *(turn.content for turn in found.turns)]
    if any(text.lstrip().startswith(RESERVED) for text in said):
        return "reserved_opening"
    candidates = [
        {"content": [{"text": text}], "preferenceLabel": label}
        for text, label in ((found.chosen, "preferred"), (found.rejected, "non-preferred"))
    ]
    turns = [{"role": turn.role, "content": [{"text": turn.content}]} for turn in found.turns]
    system = {"system": [{"text": found.system}]} if found.system else {}
    return {**system, "messages": [*turns, {"role": "assistant", "candidates": candidates}]}


def columns(facts: dict[str, Any]) -> Columns:
    parts = [{"text": TEXT}]
    candidates = [{"content": parts, "preferenceLabel": TEXT}]
    return {"system": parts, "messages": [{"role": TEXT, "content": parts, "candidates": candidates}]}
