"""Conversations with a margin, for reward models (TRL's RewardTrainer, OpenRLHF): both subtract it in the loss unasked.

That is why no other file has a column of this name. `margin` is the mean strength of the votes, 1 to 3, or the
difference of the mean ratings; where a version has both, only votes are kept, for one number must mean one thing. It is
a number in every row: a pair of which nobody said how strongly it is preferred is left out, as every correction is.
RewardTrainer drops what is longer than its `max_length` without a word; the manifest tells how long answers are.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.datasets.shapes import pairs
from feedback.datasets.shapes.columns import FLOAT, Columns
from feedback.datasets.shapes.conversation import conversations
from feedback.datasets.shapes.pairs import Pair

SCHEMA = "touchstone.reward/1"
Source = PreferencePair.Source
read = pairs.read


def facts(version: DatasetVersion) -> dict[str, Any]:
    sources = version.statistics["by_source"]
    return {**pairs.facts(version), "scale": Source.COMPARISON if Source.COMPARISON in sources else Source.RATING}


def record(pair: Pair, facts: dict[str, Any]) -> dict[str, Any] | str:
    if pair.strength is None:
        return "no_strength"
    if pair.source != facts["scale"]:
        return "another_scale"
    both = conversations(pair)
    if isinstance(both, str):
        return both
    about = pairs.origin(pair, has_tools=facts["has_tools"])
    del about["strength"]
    return {**both, "margin": float(pair.strength), **about}


def columns(facts: dict[str, Any]) -> Columns:
    about = pairs.columns(facts)
    del about["strength"]
    return {**dict.fromkeys(("chosen", "rejected"), pairs.turns(facts)), "margin": FLOAT, **about}
