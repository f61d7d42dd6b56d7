"""Examples as hosted services take them for supervised fine-tuning: OpenAI, Azure OpenAI, Together and Fireworks.

Rows are those of `sft`, and of them only what the strictest service takes: text, the system turn first and only once,
then user and assistant in turn. Earlier answers in the conversation were not judged, so that their weight is 0 and only
the last one is learnt. Training and validation are files of their own.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import sft
from feedback.datasets.shapes.columns import INT, MESSAGE, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import refused

SCHEMA = "touchstone.openai_sft/1"
TELLS_SPLIT = False
facts, read = sft.facts, sft.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    prompt, answer = pair.prompt, pair.chosen
    if reason := sft.not_learnt(pair) or refused(prompt, answer, pair.tools):
        return reason
    earlier = [
        {"role": turn.role, "content": turn.content} | ({"weight": 0} if turn.role == "assistant" else {})
        for turn in prompt
    ]
    return {"messages": [*earlier, {"role": "assistant", "content": answer[0].content}]}


def columns(facts: dict[str, Any]) -> Columns:
    return {"messages": [{**MESSAGE, "weight": INT}]}
