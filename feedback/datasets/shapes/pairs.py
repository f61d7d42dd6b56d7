"""Frozen pairs one by one, for the shapes whose rows are made of one, and their messages as trainers read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from feedback.datasets.models import DatasetVersion, Split
from feedback.datasets.shapes.columns import FLOAT, INT, MESSAGE, MESSAGE_WITH_CALLS, TEXT, Columns, Kind
from feedback.datasets.shapes.order import in_order
from feedback.datasets.storing import stream

decode = msgspec.json.Decoder().decode


class Message(msgspec.Struct, omit_defaults=True):
    """Its keys in one order, whatever the database made of it."""

    role: Any
    content: Any = msgspec.UNSET
    name: Any = msgspec.UNSET
    tool_calls: Any = msgspec.UNSET
    tool_call_id: Any = msgspec.UNSET


class Pair(NamedTuple):
    """JSON stands as text, for a decoder that is three times as fast as the field's own; reading a property decodes."""

    position: int
    pair_id: str
    group_id: str
    split: str
    source: str
    criterion: str
    n_votes: int
    votes_for: int
    votes_against: int
    votes_tied: int
    vote_share: float
    strength: float | None
    prompt_json: str
    chosen_json: str
    rejected_json: str
    provenance_json: str
    tools_json: str
    marks: tuple[Any, ...] = ()  # what the shape asked for besides

    @property
    def prompt(self) -> list[Message]:
        return messages(self.prompt_json)

    @property
    def chosen(self) -> list[Message]:
        return messages(self.chosen_json)

    @property
    def rejected(self) -> list[Message]:
        return messages(self.rejected_json)

    @property
    def provenance(self) -> dict[str, Any]:
        return decode(self.provenance_json)

    @property
    def tools(self) -> list[Any]:
        return decode(self.tools_json) or []


COLUMNS = [name for name in Pair._fields if name != "marks"]
AS_TEXT = {name: Cast(name.removesuffix("_json"), TextField()) for name in COLUMNS if name.endswith("_json")}


def facts(version: DatasetVersion) -> dict[str, Any]:
    """What must be known of the whole version before its first row is written."""
    return {"has_tools": bool(version.statistics["pairs_with_tools"]), "leading": version.cursor["leading"]}


def leading(facts: dict[str, Any], split: str) -> list[int]:
    """Positions of the pairs that are written first: together they have every column and every kind of message.

    Hugging Face `datasets` takes the types of a file from its first ten megabytes; a first tool call after them would
    make the file unreadable.
    """
    found: dict[str, int] = {}
    splits = [split] if split else [name for name in facts["leading"] if not (facts["sealed"] and name == Split.TEST)]
    for positions in (facts["leading"].get(name, {}) for name in splits):
        found |= {feature: min(at, found.get(feature, at)) for feature, at in positions.items()}
    return sorted(set(found.values()))


def read(
    version: DatasetVersion,
    split: str,
    after: int,
    limit: int,
    facts: dict[str, Any],
    marks: Mapping[str, Any] | None = None,
) -> Iterator[tuple[int, Pair]]:
    """`marks`: expressions whose values each pair has along."""
    first, marks = leading(facts, split), marks or {}
    pairs: Any = version.pairs.filter(split=split) if split else version.pairs.all()
    pairs = pairs.exclude(split=Split.TEST) if facts["sealed"] else pairs
    pairs = pairs.order_by("position").annotate(**AS_TEXT, **marks).values_list(*COLUMNS, *marks)
    found = list(pairs.filter(position__in=first)) if after < 0 else []
    for row in found:
        yield row[0], of(row)
    for row in stream(pairs.filter(position__gt=after).exclude(position__in=first)[: max(1, limit - len(found))]):
        yield row[0], of(row)


def of(row: tuple[Any, ...]) -> Pair:
    return Pair._make((*row[: len(COLUMNS)], row[len(COLUMNS) :]))


decode_messages = msgspec.json.Decoder(list[Message]).decode


def messages(text: str | bytes) -> list[Message]:
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


def origin(pair: Pair, *, has_tools: bool) -> dict[str, Any]:
    """The columns beside the texts, for trainers that pass over columns that they do not know.

    Their names avoid those that trainers give a meaning to (`margin`, `label`, `text`, …). `tools` is a JSON string,
    and stands in every row or in none.
    """
    told = pair.provenance
    row = {name: getattr(pair, name) for name in PLAIN}
    row |= {"agreement": pair.vote_share, "strength": pair.strength}
    row |= {"annotators": told["reviewers"], "metadata": in_order(told).decode()}
    if has_tools:
        tools = pair.tools
        row["tools"] = in_order(tools).decode() if tools else None
    return row


PLAIN = (
    "pair_id", "group_id", "split", "source", "criterion", "n_votes", "votes_for", "votes_against", "votes_tied",
)  # fmt: skip


def columns(facts: dict[str, Any]) -> Columns:
    """Of what `origin` writes."""
    numbers = {name: INT if name.startswith(("n_", "votes_")) else TEXT for name in PLAIN}
    told = {**numbers, "agreement": FLOAT, "strength": FLOAT, "annotators": [TEXT], "metadata": TEXT}
    return {**told, "tools": TEXT} if facts["has_tools"] else told


def turns(facts: dict[str, Any]) -> Kind:
    """Of messages: calls and names have their columns in the files of a version that has some."""
    has_more = any(feature.endswith("with more") for found in facts["leading"].values() for feature in found)
    return [MESSAGE_WITH_CALLS if has_more else MESSAGE]
