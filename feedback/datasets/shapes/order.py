"""Keys in one order: PostgreSQL's JSON keeps none, and a file is the same bytes from either database."""

from __future__ import annotations

from typing import Any

import msgspec

in_order = msgspec.json.Encoder(order="sorted").encode


def stable(data: dict[str, Any]) -> dict[str, Any]:
    """A frozen row as it is written, its keys sorted on every level."""
    return {key: msgspec.Raw(in_order(data[key])) for key in sorted(data)}
