"""The ingest endpoint in OpenAPI: the row's schema is made from the types that check it."""

from __future__ import annotations

from typing import Any

import msgspec

from feedback.responses.rows import Row

DESCRIPTION = """Send responses.

Send one response (JSON object), several (JSON array, up to 16 MiB) or a stream (NDJSON, one object per line; gzip with
`Content-Encoding: gzip`). The external id is the idempotency key: the same body again changes nothing, parts that were
missing (feedback, usage, cost, passages, …) are filled in, and another body is refused for that row alone.
"""


def inlined(value: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced by what they name, since OpenAPI keeps definitions elsewhere."""
    if isinstance(value, list):
        return [inlined(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return inlined(definitions[value["$ref"].rsplit("/", 1)[-1]], definitions)
    return {key: inlined(item, definitions) for key, item in value.items() if key != "$defs"}


_whole = msgspec.json.schema(Row)
ROW = inlined(_whole, _whole["$defs"])
REQUEST = {
    "application/json": {"oneOf": [ROW, {"type": "array", "items": ROW}]},
    "application/x-ndjson": {"type": "string", "description": "One JSON object per line."},
}

_COUNT = {"type": "integer", "minimum": 0}
ONE = {
    "type": "object",
    "required": ["id", "external_id", "result", "url"],
    "properties": {
        "id": {"type": "integer"},
        "external_id": {"type": "string"},
        "result": {"enum": ["accepted", "repeated", "filled"]},
        "url": {"type": "string"},
    },
}
REFUSAL = {
    "type": "object",
    "properties": {
        "index": {**_COUNT, "description": "Of the row, from 0; in NDJSON of the line."},
        "external_id": {"type": "string"},
        "pointer": {"type": "string", "description": "JSON pointer into the row."},
        "reason": {"type": "string", "description": "Stable: conflict, unknown, unknown-key, invalid, nul, …"},
        "detail": {"type": "string"},
    },
}
MANY = {
    "type": "object",
    "required": ["batch", "accepted", "repeated", "filled", "refused_total", "refused"],
    "properties": {
        "batch": {"type": "integer"},
        "accepted": _COUNT,
        "repeated": _COUNT,
        "filled": _COUNT,
        "refused_total": _COUNT,
        "refused": {"type": "array", "items": REFUSAL, "description": "The first 10,000."},
    },
}
ANSWERS = {
    (200, "application/json"): {"oneOf": [ONE, MANY]},
    (201, "application/json"): ONE,
}
