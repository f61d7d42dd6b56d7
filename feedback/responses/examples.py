"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

sent: dict[str, Any] = {
    "external_id": "chat-033",
    "messages": [{"role": "user", "content": "Is an ambulance on the mountain included in Comfort?"}],
    "output": "Yes, up to €1,000,000, less the excess of €75.",
    "model": "harbour-small",
    "prompt_version": {"name": "claims-answer", "version": "v7"},
    "passages": [{"title": "Comfort plan, 4.5", "text": "Emergency treatment is covered, including ambulance."}],
    "usage": {"input_tokens": 97, "output_tokens": 29},
    "responded_at": "2026-03-02T09:15:00Z",
}
late: dict[str, Any] = {"external_id": "chat-033", "feedback": [{"kind": "rating", "score": 1}]}
facts: dict[str, Any] = {
    "id": 204, "external_id": "chat-033", "batch": 1, "prompt_version": {"name": "claims-answer", "version": "v7"},
    "model": "harbour-small", "provider": "harbour", "conversation_id": "", "trace_id": "", "span_id": "",
    "subject_key": "customer-21", "origin": "production", "environment": "production", "segment": "medical",
    "licence": "", "consent": True, "tags": ["v7"],
    "usage": {"input_tokens": 97, "output_tokens": 29, "cached_tokens": None, "reasoning_tokens": None},
    "cost": "0.000031950", "cost_is_given": False, "latency_ms": 381, "responded_at": "2026-03-02T09:15:00Z",
    "created_at": "2026-03-02T09:15:02Z", "is_queued": True, "has_feedback": False, "verdict": "passed",
    "input_hash": "91377c37f74a938db2ad949af89d92b364d96c8fef928bc9d8dd3b451e0e3be3",
    "output_hash": "dd6c1d1d7cfea209e9f1eea03e65ce1617ddc78c0ba6069b9983ab5055657100",
}  # fmt: skip
passage: dict[str, Any] = {
    "id": 228, "external_id": "c45", "position": 0, "title": "Comfort plan, 4.5", "url": "", "store": "policy-2026",
    "text": "Emergency treatment is covered, including ambulance.", "score": 0.9,
    "text_hash": "a2eb3eef40a0ae7fd2d9d75984ec4c90d35c562098535aa1ccb09362d6f0467f",
}  # fmt: skip
texts: dict[str, Any] = {
    "messages": sent["messages"], "tools": [], "variables": None, "input_key": "", "output": sent["output"],
    "tool_calls": [], "parameters": {"temperature": 0.2}, "metadata": {}, "passages": [passage],
    "feedback": [{"kind": "rating", "score": 1.0, "comment": "", "at": "2026-03-02T09:20:00Z"}],
}  # fmt: skip
refused: dict[str, Any] = {
    "index": 617, "external_id": "chat-617", "pointer": "/usage/input_tokens", "reason": "invalid",
    "detail": "Expected int | null, got str.",
}  # fmt: skip
many: dict[str, Any] = {
    "batch": 12, "accepted": 998, "repeated": 0, "filled": 1, "refused_total": 1, "refused": [refused]
}  # fmt: skip
one: dict[str, Any] = {"id": 204, "external_id": "chat-033", "result": "accepted", "url": "/api/v1/responses/204/"}

RESPONSE = OpenApiExample("A response", value=facts)
RESPONSE_DETAIL = OpenApiExample("A response with its texts", value={**facts, **texts})
NDJSON = '{"external_id": "a", "prompt": "How long?", "output": "30 days."}\n{"external_id": "b", "feedback": []}\n'
INGEST = [
    OpenApiExample("One response", value=sent, request_only=True, media_type="application/json"),
    OpenApiExample("Feedback that comes late", value=late, request_only=True, media_type="application/json"),
    OpenApiExample("Several", value=[sent, late], request_only=True, media_type="application/json"),
    OpenApiExample("Lines", NDJSON, request_only=True, media_type="application/x-ndjson"),
    OpenApiExample("It was new", value=one, response_only=True, status_codes=["201"]),
    OpenApiExample("It was known", value={**one, "result": "repeated"}, response_only=True, status_codes=["200"]),
    OpenApiExample("Of several", value=many, response_only=True, status_codes=["200"]),
]
