"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
URL = "https://hooks.example.org/touchstone"
SECRET = "whsec_" + "A" * 43 + "="
TYPES = ["dataset.version.ready", "export.ready"]
webhook: dict[str, Any] = {
    "id": 1, "url": URL, "description": "Starts a training run", "types": TYPES, "state": "on", "reason": "",
    "failures": 0, "created_at": AT,
}  # fmt: skip
event: dict[str, Any] = {
    "id": 41, "message_id": "msg_0f0c1f5c9d0b4f5f8f0f3b1c2d4e5f60", "type": "dataset.version.ready",
    "about": "dataset/better-answers", "created_at": AT,
    "data": {"dataset": "better-answers", "number": 2, "version": 7, "pairs": 21},
}  # fmt: skip
attempt = {"at": "2026-03-02T09:15:00.120+00:00", "ms": 84, "status": 204, "error": ""}

WEBHOOK = OpenApiExample("A webhook", value=webhook, response_only=True)
NEW_WEBHOOK = OpenApiExample("A webhook with its secret", value={**webhook, "secret": SECRET}, response_only=True)
WANTED = OpenApiExample("A new webhook", request_only=True, value={
    "url": URL, "description": "Starts a training run", "types": TYPES,
})  # fmt: skip
CHANGE = OpenApiExample("Paused", value={"state": "paused"}, request_only=True)
SINCE = OpenApiExample("Since then", value={"since": AT}, request_only=True)
AGAIN = OpenApiExample("How many", value={"deliveries": 3}, response_only=True)
EVENT = OpenApiExample("An event", value=event)
DELIVERY = OpenApiExample("A delivery", status_codes=["200", "202"], value={
    "id": 97, "webhook": 1, "event": event, "state": "done", "attempts": [attempt], "next_at": None, "error": "",
    "delivered_at": AT,
})  # fmt: skip
