"""Preference pairs for Gemini on Google Vertex (shape F): `contents`, and two completions scored 1 and 0.

The assistant is called `model`, the system prompt stands apart from the turns, `contents` close with the user's, and
all is text. Prompt and completion have 128 K tokens together; the limits of a file differ between versions of Google's
documents, so that none is held here: the manifest tells rows and bytes.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import INT, TEXT, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import dialogue

SCHEMA = "touchstone.vertex/1"
TELLS_SPLIT = False
SPEAKERS = {"user": "user", "assistant": "model"}
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = dialogue(pair)
    if isinstance(found, str):
        return found
    scored = [
        {"score": score, "completion": content("model", text)}
        for score, text in ((1, found.chosen), (0, found.rejected))
    ]
    system = {"system_instruction": {"parts": [{"text": found.system}]}} if found.system else {}
    return {
        **system,
        "contents": [content(SPEAKERS[turn.role], turn.content) for turn in found.turns],
        "completions": scored,
    }


def content(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def columns(facts: dict[str, Any]) -> Columns:
    parts = [{"text": TEXT}]
    turn = {"role": TEXT, "parts": parts}
    completions = [{"score": INT, "completion": turn}]
    return {"system_instruction": {"parts": parts}, "contents": [turn], "completions": completions}
