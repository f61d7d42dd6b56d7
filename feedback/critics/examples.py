"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
span: dict[str, Any] = {"start": 5, "end": 12, "quote": "90 days", "kind": "contradicted", "severity": "major",
                        "note": "The policy says 30."}  # fmt: skip
judged: dict[str, Any] = {"score": 0.2, "label": "unsupported", "spans": [span], "reason": "One figure is wrong."}
sent: dict[str, Any] = {
    "response": "chat-003",
    "critic": {"slug": "grounding", "version": "4", "model": "judge-large", "criteria": "Is every claim in a source?"},
    **judged,
}
many: dict[str, Any] = {"accepted": 2, "repeated": 0, "refused_total": 0, "refused": []}

ASSESS = [
    OpenApiExample("One assessment", value=sent, request_only=True, media_type="application/json"),
    OpenApiExample("Several", value=[sent], request_only=True, media_type="application/json"),
    OpenApiExample("Lines", '{"response": "…"}\n', request_only=True, media_type="application/x-ndjson"),
    OpenApiExample("It was new", value={"result": "accepted"}, response_only=True, status_codes=["201"]),
    OpenApiExample("It was known", value={"result": "repeated"}, response_only=True, status_codes=["200"]),
    OpenApiExample("Of several", value=many, response_only=True, status_codes=["200"]),
]
ASSESSMENT = OpenApiExample("An assessment", response_only=True, value={
    "id": 71, "response": {"id": 9, "external_id": "chat-003"}, "critic": "grounding", "version": "4", **judged,
    "created_at": AT,
})  # fmt: skip
CRITIC = OpenApiExample("A critic", value={
    "id": 3, "slug": "grounding", "name": "Grounding check", "created_at": AT,
    "versions": [{"id": 5, "label": "4", "model": "judge-large", "criteria": "Is every claim in a source?",
                  "created_at": AT}],
})  # fmt: skip
