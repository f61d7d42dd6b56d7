"""Preference pairs for LLaMA-Factory (shape D): sharegpt rows for ranking, and what dataset_info.json says of them.

`chosen` and `rejected` are one message each, not a list. Its converter passes over a row whose turns do not alternate
from the user to the user, with no more than a line in its log: such pairs are left out here, where they are counted. A
column that is named must be in the rows, so `system` is always written, empty where there is none.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import TEXT, Columns
from feedback.datasets.shapes.pairs import Pair
from feedback.datasets.shapes.turns import dialogue

SCHEMA = "touchstone.llamafactory/1"
TELLS_SPLIT = False
SPEAKERS = {"user": "human", "assistant": "gpt"}
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = dialogue(pair)
    if isinstance(found, str):
        return found
    return {
        "conversations": [{"from": SPEAKERS[turn.role], "value": turn.content} for turn in found.turns],
        "chosen": {"from": "gpt", "value": found.chosen},
        "rejected": {"from": "gpt", "value": found.rejected},
        "system": found.system,
    }


def beside(file_name: str) -> dict[str, Any]:
    """Files that stand beside this one, by name. What `columns` leaves out is none to its reader, not its default."""
    columns = {"messages": "conversations", "chosen": "chosen", "rejected": "rejected", "system": "system"}
    about = {"file_name": file_name, "formatting": "sharegpt", "ranking": True, "columns": columns}
    return {"dataset_info.json": {file_name.partition(".")[0].replace("-", "_"): about}}


def columns(facts: dict[str, Any]) -> Columns:
    turn = {"from": TEXT, "value": TEXT}
    return {"conversations": [turn], "chosen": turn, "rejected": turn, "system": TEXT}
