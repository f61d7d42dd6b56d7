"""The import endpoint in OpenAPI: the label's schema is made from the type that checks it."""

from __future__ import annotations

from typing import Any

import msgspec

from feedback.responses.schema import REFUSAL, inlined
from reviews.imports.label import Label

DESCRIPTION = """Import reviews.

Send one label (JSON object), several (JSON array, up to 16 MiB) or a stream (NDJSON; gzip with `Content-Encoding`).
(source, external id) is the idempotency key: the same body again changes nothing, another body is refused for that row
alone. `responses` are external ids in the order shown. In `answers`, responses may be named by external id, `left` or
`right`, and passages by position from 0. A repeated turn of the same reviewer is the next round unless `round` says
which.
"""

_whole = msgspec.json.schema(Label)
LABEL = inlined(_whole, _whole["$defs"])
REQUEST = {
    "application/json": {"oneOf": [LABEL, {"type": "array", "items": LABEL}]},
    "application/x-ndjson": {"type": "string", "description": "One JSON object per line."},
}
ONE = {
    "type": "object",
    "required": ["result"],
    "properties": {"result": {"enum": ["accepted", "repeated"]}},
}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
MANY = {
    "type": "object",
    "required": ["accepted", "repeated", "refused_total", "refused"],
    "properties": {
        "accepted": _COUNT,
        "repeated": _COUNT,
        "refused_total": _COUNT,
        "refused": {"type": "array", "items": REFUSAL},
    },
}
ANSWERS = {
    (200, "application/json"): {"oneOf": [MANY, ONE]},
    (201, "application/json"): ONE,
}
