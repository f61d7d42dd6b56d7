"""The endpoint in OpenAPI: the row's schema is made from the type that checks it."""

from __future__ import annotations

from typing import Any

import msgspec

from feedback.critics.row import Row
from feedback.responses.schema import REFUSAL, inlined

DESCRIPTION = """Send assessments.

Send what a critic said of one response (JSON object), of several (JSON array, up to 16 MiB) or a stream (NDJSON; gzip
with `Content-Encoding`). `response` is an external id. A critic and its version are made when they are first named; a
version with another model or other criteria is another version. (Critic version, response) is the idempotency key: the
same body again changes nothing, another body is refused for that row alone. A score lies from 0 to 1, and 1 is best.
Spans count Unicode code points of the stored output, and their quote must be what stands there.
"""

_whole = msgspec.json.schema(Row)
ROW = inlined(_whole, _whole["$defs"])
REQUEST = {
    "application/json": {"oneOf": [ROW, {"type": "array", "items": ROW}]},
    "application/x-ndjson": {"type": "string", "description": "One JSON object per line."},
}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
ONE = {
    "type": "object",
    "required": ["result"],
    "properties": {"result": {"enum": ["accepted", "repeated"]}},
}
MANY = {
    "type": "object",
    "required": ["accepted", "repeated", "refused_total", "refused"],
    "properties": {
        "accepted": _COUNT,
        "repeated": _COUNT,
        "refused_total": _COUNT,
        "refused": {
            "type": "array",
            "items": REFUSAL,
            "description": "The first 10,000; `external_id` is the response's.",
        },
    },
}
ANSWERS = {
    (200, "application/json"): {"oneOf": [MANY, ONE]},
    (201, "application/json"): ONE,
}
