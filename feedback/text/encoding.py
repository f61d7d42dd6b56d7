"""Canonical JSON: one text per value."""

import json
from typing import Any

import msgspec

from feedback.text.rules import MAX_INTEGER

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_FAST = msgspec.json.Encoder(order="deterministic")


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, Unicode unescaped, shortest float that reads back the same.

    A number of 2**53 or more is written as a float and negative zero as zero, because PostgreSQL's jsonb returns
    1e16 as an integer and -0.0 as 0.0: the hash of a row must not depend on the database it went through.
    """
    if _is_plain(value):
        return _FAST.encode(value).decode()  # the same bytes five times sooner: ingest hashes every row
    return _ENCODER.encode(_settle_numbers(value))


def _is_plain(value: Any) -> bool:
    """True when msgspec writes what `_ENCODER` would: the two differ in floats with an exponent and in odd types."""
    todo = [value]
    for item in todo:  # which grows meanwhile: no call for each value, ingest walks through every row
        kind = type(item)
        if kind is str or kind is bool or item is None:
            continue
        if kind is dict:
            todo += item.values()
        elif kind is list:
            todo += item
        elif kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:
                return False
        elif kind is not float or not (1e-4 <= item < 1e15 or -1e15 < item <= -1e-4):
            return False
    return True


def _settle_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settle_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settle_numbers(item) for item in value]
    if isinstance(value, int | float) and abs(value) > MAX_INTEGER:
        return float(value)
    return 0.0 if type(value) is float and value == 0 else value
