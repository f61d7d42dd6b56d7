"""Preference pairs for NVIDIA NeMo RL (shape E): a `context` and two `completions`, of which rank 0 is the better.

Two completions only, and no ties: a tie would become two pairs that contradict each other. Nothing is said about tools,
so pairs with them are left out, and about other columns, so there are none.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import INT, MESSAGE, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import dialogue

SCHEMA = "touchstone.nemo_rl/1"
TELLS_SPLIT = False
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = dialogue(pair)
    if isinstance(found, str):
        return found
    ranked = [
        {"rank": rank, "completion": [{"role": "assistant", "content": text}]}
        for rank, text in enumerate((found.chosen, found.rejected))
    ]
    return {"context": found.prompt, "completions": ranked}


def columns(facts: dict[str, Any]) -> Columns:
    return {"context": [MESSAGE], "completions": [{"rank": INT, "completion": [MESSAGE]}]}
