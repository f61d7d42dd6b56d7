"""What the columns of a shape hold, in words that each format makes its own types of: Parquet, CSV, Croissant.

A kind is one of the words below, `[kind]` for a list, or `{name: kind}` for an object whose names are known. Whatever
has names or types that nobody knows before is JSON: text in a file of columns, an object in JSONL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from feedback.datasets.shapes.order import in_order
from feedback.jobs import JobRefused

TEXT, INT, FLOAT, BOOL, JSON = "text", "int", "float", "bool", "json"
Kind = Any  # mypy knows no recursive alias here: str | list[Kind] | dict[str, Kind]
Columns = dict[str, Kind]
Record = dict[str, Any]

MESSAGE: Columns = {"role": TEXT, "content": TEXT}
CALL: Columns = {"id": TEXT, "type": TEXT, "function": {"name": TEXT, "arguments": JSON}}
MESSAGE_WITH_CALLS: Columns = {**MESSAGE, "name": TEXT, "tool_calls": [CALL], "tool_call_id": TEXT}
NAMED_MESSAGE: Columns = {**MESSAGE, "name": TEXT, "tool_call_id": TEXT}


def row_of(record: Record, columns: Columns) -> Record:
    """A record with a value for each column, in their order. A field without a column is refused."""
    if not record.keys() <= columns.keys():
        raise unknown(record.keys() - columns.keys())
    return {name: record.get(name) for name in columns}


def fitted(columns: Columns) -> Callable[[Record], Record]:
    """`row_of` with JSON as text, wherever it stands."""
    turns = {name: turn for name, kind in columns.items() if (turn := as_text_inside(kind))}

    def fit(record: Record) -> Record:
        row = row_of(record, columns)
        for name, turn in turns.items():
            if row[name] is not None:
                row[name] = turn(msgspec.json.decode(msgspec.json.encode(row[name])))
        return row

    return fit


def unknown(names: set[str]) -> JobRefused:
    return JobRefused(f"A row has something that a file of columns has no place for: {min(names)}. Take JSONL.")


def as_text_inside(kind: Kind) -> Callable[[Any], Any] | None:
    """What makes text of the JSON inside a value of this kind; None when there is none inside."""
    if kind == JSON:
        return as_text
    if isinstance(kind, list):
        turn = as_text_inside(kind[0])
        return turn and (lambda values: values and [turn(value) for value in values])
    if isinstance(kind, dict):
        turns = {name: turn for name, inner in kind.items() if (turn := as_text_inside(inner))}
        return (lambda value: turned(value, kind, turns)) if turns else None
    return None


def as_text(value: Any) -> str | None:
    """Text stays what it is: the arguments of a call may be JSON already."""
    return value if value is None or isinstance(value, str) else in_order(value).decode()


def turned(value: Any, kind: Columns, turns: dict[str, Callable[[Any], Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    if not value.keys() <= kind.keys():
        raise unknown(value.keys() - kind.keys())
    return {name: turns[name](inner) if name in turns else inner for name, inner in value.items()}
