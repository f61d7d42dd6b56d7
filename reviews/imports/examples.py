"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

sent: dict[str, Any] = {
    "source": "crowd-2025",
    "external_id": "vote-1",
    "reviewer": "rater 17",
    "queue": "crowd-votes",
    "responses": ["chat-033-a", "chat-033-b"],
    "answers": {"better": {"outcome": "preferred", "preferred": "left", "strength": 1}},
    "reviewed_at": "2026-03-02T09:15:00Z",
}
many: dict[str, Any] = {"accepted": 2, "repeated": 0, "refused_total": 0, "refused": []}

IMPORT = [
    OpenApiExample("One label", value=sent, request_only=True, media_type="application/json"),
    OpenApiExample("Several", value=[sent], request_only=True, media_type="application/json"),
    OpenApiExample("Lines", '{"source": "…"}\n', request_only=True, media_type="application/x-ndjson"),
    OpenApiExample("It was new", value={"result": "accepted"}, response_only=True, status_codes=["201"]),
    OpenApiExample("It was known", value={"result": "repeated"}, response_only=True, status_codes=["200"]),
    OpenApiExample("Of several", value=many, response_only=True, status_codes=["200"]),
]
