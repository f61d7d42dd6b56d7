"""Preference pairs as TRL reads them (shape A): `prompt`, `chosen`, `rejected` as message lists.

One file trains DPO and reward models unchanged; Unsloth, OpenRLHF and axolotl (`chat_template.default`) read it too.
Nothing is left out: what would mistrain any trainer never became a pair. Columns beside the texts are passed over.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import Columns
from feedback.datasets.shapes.pairs import Pair

SCHEMA = "touchstone.preference/1"
facts, read = pairs.facts, pairs.read


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any]:
    texts = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    return texts | pairs.origin(pair, has_tools=facts["has_tools"])


def columns(facts: dict[str, Any]) -> Columns:
    return dict.fromkeys(("prompt", "chosen", "rejected"), pairs.turns(facts)) | pairs.columns(facts)
