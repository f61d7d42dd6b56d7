"""Preference pairs as TRL reads them (shape A): `prompt`, `chosen`, `rejected` as message lists.

One file trains DPO and reward models unchanged. The names of the extra columns avoid those that trainers give a meaning to
(`margin`, `label`, `text`, …). `tools` is a JSON string, and stands in every row or in none; tool-call arguments are objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from feedback.datasets.models import DatasetVersion, PreferencePair

SCHEMA = "touchstone.preference/1"
EXTENSION = "jsonl"


def facts(version: DatasetVersion) -> dict[str, Any]:
    """What must be known of the whole version before its first row is written."""
    return {"has_tools": version.pairs.exclude(tools=[]).exists()}


def rows(version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    pairs = version.pairs.filter(position__gt=after).order_by("position")
    pairs = pairs.filter(split=split) if split else pairs
    for pair in pairs[:limit]:
        yield pair.position, record(pair, **facts)


def record(pair: PreferencePair, *, has_tools: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "prompt": [with_objects(message) for message in pair.prompt],
        "chosen": [with_objects(message) for message in pair.chosen],
        "rejected": [with_objects(message) for message in pair.rejected],
        "pair_id": pair.pair_id,
        "group_id": pair.group_id,
        "split": pair.split,
        "source": pair.source,
        "criterion": pair.criterion,
        "n_votes": pair.n_votes,
        "votes_for": pair.votes_for,
        "votes_against": pair.votes_against,
        "votes_tied": pair.votes_tied,
        "agreement": pair.vote_share,
        "strength": pair.strength,
        "annotators": pair.provenance["reviewers"],
        "metadata": json.dumps(pair.provenance, ensure_ascii=False, sort_keys=True),
    }
    if has_tools:
        row["tools"] = json.dumps(pair.tools, ensure_ascii=False, sort_keys=True) if pair.tools else None
    return row


def with_objects(message: dict[str, Any]) -> dict[str, Any]:
    """Tool-call arguments as objects, which chat templates expect; a string that is no JSON object stays one."""
    if not message.get("tool_calls"):
        return message
    return {**message, "tool_calls": [as_object(call) for call in message["tool_calls"]]}


def as_object(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function", {})
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        return call
    try:
        parsed = json.loads(arguments)
    except ValueError:
        return call
    return {**call, "function": {**function, "arguments": parsed}} if isinstance(parsed, dict) else call
