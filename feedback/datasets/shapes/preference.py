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

from feedback.datasets.models import DatasetVersion
from feedback.datasets.shapes.order import in_order
from feedback.datasets.storing import stream

SCHEMA = "touchstone.preference/1"
EXTENSION = "jsonl"

PLAIN = (
    "pair_id", "group_id", "split", "source", "criterion", "n_votes", "votes_for", "votes_against", "votes_tied",
)  # fmt: skip
TEXTS = ("prompt", "chosen", "rejected")
MEASURED = ("vote_share", "strength")

decode = msgspec.json.Decoder().decode


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
    first, has_tools = leading(facts, split), facts["has_tools"]
    pairs: Any = version.pairs.filter(split=split) if split else version.pairs.all()
    # JSON comes as text, for a decoder that is three times as fast as the field's own.
    as_text = {f"{name}_json": Cast(name, TextField()) for name in (*TEXTS, "provenance", "tools")}
    pairs = pairs.order_by("position").annotate(**as_text).values_list("position", *PLAIN, *MEASURED, *as_text)
    found = list(pairs.filter(position__in=first)) if after < 0 else []
    for pair in found:
        yield pair[0], record(pair, has_tools=has_tools)
    for pair in stream(pairs.filter(position__gt=after).exclude(position__in=first)[: max(1, limit - len(found))]):
        yield pair[0], record(pair, has_tools=has_tools)


def record(pair: tuple[Any, ...], *, has_tools: bool) -> dict[str, Any]:
    """`pair` holds its position, then PLAIN, MEASURED and the columns of JSON."""
    share, strength, prompt, chosen, rejected, provenance, tools = pair[1 + len(PLAIN) :]
    origin = decode(provenance)
    row: dict[str, Any] = {"prompt": messages(prompt), "chosen": messages(chosen), "rejected": messages(rejected)}
    row.update(zip(PLAIN, pair[1:], strict=False))
    row["agreement"], row["strength"] = share, strength
    row["annotators"], row["metadata"] = origin["reviewers"], in_order(origin).decode()
    if has_tools:
        held = decode(tools)
        row["tools"] = in_order(held).decode() if held else None
    return row


class Message(msgspec.Struct, omit_defaults=True):
    """Its keys in one order, whatever the database made of it."""

    role: Any
    content: Any = msgspec.UNSET
    name: Any = msgspec.UNSET
    tool_calls: Any = msgspec.UNSET
    tool_call_id: Any = msgspec.UNSET


decode_messages = msgspec.json.Decoder(list[Message]).decode


def messages(text: str) -> list[Message]:
    """Developer turns as system turns, arguments of calls as objects."""
    found = decode_messages(text)
    for message in found:
        if message.role == "developer":
            message.role = "system"
        if message.tool_calls is not msgspec.UNSET:
            message.tool_calls = [msgspec.Raw(in_order(with_object(call))) for call in message.tool_calls]
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
