"""Preference pairs as TRL reads them (shape A): `prompt`, `chosen`, `rejected` as message lists.

One file trains DPO and reward models unchanged. The names of the extra columns avoid those that trainers give a meaning
to (`margin`, `label`, `text`, …). `tools` is a JSON string, and stands in every row or in none; tool-call arguments are
objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from feedback.datasets.conversation import Message
from feedback.datasets.models import DatasetVersion

SCHEMA = "touchstone.preference/1"
EXTENSION = "jsonl"

PLAIN = (
    "pair_id", "group_id", "split", "source", "criterion", "n_votes", "votes_for", "votes_against", "votes_tied",
)  # fmt: skip
TEXTS = ("prompt", "chosen", "rejected")
ORDER = ("role", "content", "name", "tool_calls", "tool_call_id")

decode = msgspec.json.Decoder().decode
in_order = msgspec.json.Encoder(order="sorted").encode


def facts(version: DatasetVersion) -> dict[str, Any]:
    """What must be known of the whole version before its first row is written."""
    return {"has_tools": bool(version.statistics["pairs_with_tools"]), "leading": version.cursor["leading"]}


def leading(facts: dict[str, Any], split: str) -> list[int]:
    """Positions of the pairs that are written first: together they have every column and every kind of message.

    Hugging Face `datasets` takes the types of a file from its first ten megabytes; a first tool call after them would
    make the file unreadable.
    """
    found: dict[str, int] = {}
    for positions in [facts["leading"].get(split, {})] if split else facts["leading"].values():
        found |= {feature: min(at, found.get(feature, at)) for feature, at in positions.items()}
    return sorted(set(found.values()))


def rows(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    first = leading(facts, split)
    pairs = version.pairs.filter(split=split) if split else version.pairs.all()
    # JSON comes as text, for a decoder that is three times as fast as the field's own.
    as_text = {f"{name}_json": Cast(name, TextField()) for name in (*TEXTS, "tools", "provenance")}
    pairs = pairs.order_by("position").values("position", *PLAIN, "vote_share", "strength", **as_text)
    found = list(pairs.filter(position__in=first)) if after < 0 else []
    found += pairs.filter(position__gt=after).exclude(position__in=first)[: max(1, limit - len(found))]
    for pair in found:
        yield pair["position"], record(pair, has_tools=facts["has_tools"])


def record(pair: dict[str, Any], *, has_tools: bool) -> dict[str, Any]:
    provenance = decode(pair["provenance_json"])
    row: dict[str, Any] = {name: [message(one) for one in decode(pair[f"{name}_json"])] for name in TEXTS}
    row |= {name: pair[name] for name in PLAIN}
    row |= {
        "agreement": pair["vote_share"],
        "strength": pair["strength"],
        "annotators": provenance["reviewers"],
        "metadata": in_order(provenance).decode(),
    }
    if has_tools:
        tools = decode(pair["tools_json"])
        row["tools"] = in_order(tools).decode() if tools else None
    return row


def message(one: Message) -> Message:
    """Its keys in one order, whatever the database made of it; developer turns as system turns."""
    found = {key: one[key] for key in ORDER if key in one}
    if found["role"] == "developer":
        found["role"] = "system"
    if "tool_calls" in found:
        found["tool_calls"] = [msgspec.Raw(in_order(with_object(call))) for call in found["tool_calls"]]
    return found


def with_object(call: dict[str, Any]) -> dict[str, Any]:
    """Arguments as an object, which chat templates expect; a string that is no JSON object stays one."""
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(arguments := function.get("arguments"), str):
        return call
    try:
        parsed = json.loads(arguments)
    except ValueError:
        return call
    return {**call, "function": {**function, "arguments": parsed}} if isinstance(parsed, dict) else call
