"""Where each pair came from, beside the files whose rows may hold nothing but their texts.

One line a pair, in the order of those files. `left_out` names the files that lack it, each with the reason: the n-th
row of the `openai` file is the n-th line here whose `left_out` has no `openai`.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import llamafactory, nemo_rl, nova, openai, pairs, vertex
from feedback.datasets.shapes.columns import TEXT, Columns
from feedback.datasets.shapes.pairs import Pair

SCHEMA = "touchstone.provenance/1"
SILENT = {"openai": openai, "llamafactory": llamafactory, "nemo_rl": nemo_rl, "vertex": vertex, "nova": nova}
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any]:
    made = {name: shape.record(pair, facts) for name, shape in SILENT.items()}
    left_out = {name: reason for name, reason in made.items() if isinstance(reason, str)}
    return {**pairs.origin(pair, has_tools=False), "left_out": left_out}


def columns(facts: dict[str, Any]) -> Columns:
    return {**pairs.columns({"has_tools": False}), "left_out": dict.fromkeys(SILENT, TEXT)}
