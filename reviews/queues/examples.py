"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT, LATER = "2026-03-02T09:15:00Z", "2026-03-02T09:45:00Z"
TOKEN = "84bf85df-10c3-45a3-af33-5a5833990425"
answers: dict[str, Any] = {"better": {"outcome": "preferred", "preferred": 117, "strength": 2}}
passage: dict[str, Any] = {
    "id": 135, "title": "Comfort plan, 4.1", "text": "If you must cancel because of a death in the family, we refund …",
    "url": "", "store": "policy-2026", "score": 0.9,
}  # fmt: skip
criterion: dict[str, Any] = {
    "key": "better", "kind": "comparison", "label": "Which answer is better?", "help_text": "", "is_required": True,
    "options": {"strengths": 2, "both_bad": True},
}  # fmt: skip
item: dict[str, Any] = {
    "id": 138, "conversation": [{"role": "user", "content": "My mother died yesterday. Can we cancel?"}],
    "responses": [
        {"id": 117, "label": "A", "output": "I am sorry. Yes, …", "tool_calls": [], "passages": [passage]},
        {"id": 118, "label": "B", "output": "Yes.", "tool_calls": [], "passages": []},
    ],
    "sensitive": ["bereavement"], "rubric": "Which answer is better? 1", "criteria": [criterion],
}  # fmt: skip
assignment: dict[str, Any] = {
    "token": TOKEN, "queue": "which-answer-is-better", "state": "claimed", "claimed_at": AT, "lease_until": LATER,
    "draft": {}, "draft_saved_at": None, "draft_etag": '"19ad4f109270169ad234dd5d2a951fe4"', "submitted_at": None,
    "item": item,
}  # fmt: skip
queue: dict[str, Any] = {
    "key": "which-answer-is-better", "name": "Which answer is better?", "state": "open",
    "rubric": "Which answer is better?", "rubric_version": 1, "k": 3, "order": "arrival", "lease_seconds": 1800,
    "lease_cap_seconds": 14400, "grace_seconds": 60, "shows_model": False, "shows_critic": False,
    "takes_imports": False, "is_restricted": False, "skill": "", "hourly_cap": None, "daily_cap": 100,
    "due_on": "2026-03-31", "created_at": AT,
}  # fmt: skip
counts = {"open": 15, "complete": 0, "settled": 30, "unresolved": 4, "withdrawn": 0}

listed: dict[str, Any] = {
    "id": 51, "queue": "groundedness", "responses": ["resp-204"], "rubric_version": 3, "state": "unresolved",
    "reviews_wanted": 2, "reviews_in": 2, "earlier": None, "rule_label": "Refunds 2", "stratum": "web",
    "inclusion_probability": 0.25, "created_at": AT, "completed_at": LATER,
}  # fmt: skip
ITEM = OpenApiExample("An item in dispute", value=listed)
QUEUE = OpenApiExample("A queue", value=queue)
QUEUE_DETAIL = OpenApiExample(
    "A queue and its progress",
    {**queue, "progress": {"items": counts, "reviews_wanted": 147, "reviews_in": 102, "counted_at": None}},
)
ASSIGNMENT = OpenApiExample("A claim", value=assignment)
DRAFT = OpenApiExample("What is given so far", value={"answers": answers}, request_only=True)
SAVED = OpenApiExample("The draft", value={"answers": answers, "draft_saved_at": AT})
SUBMISSION = OpenApiExample(
    "Answers",
    {"submission_id": "0b0e5ac0-3f0c-4c4e-9d3e-0a4f0c1f2a3b", "answers": answers, "active_ms": 28363, "next": True},
    request_only=True,
)
SUBMITTED = OpenApiExample(
    "Counted, nothing waits", {"token": TOKEN, "state": "submitted", "submitted_at": AT, "next": None}
)
SKIP = OpenApiExample("Why", value={"reason": "not-my-language", "note": "It is in Dutch."}, request_only=True)
STATE = OpenApiExample("Skipped", value={"token": TOKEN, "state": "skipped"})
LEASE = OpenApiExample("Held until", value={"lease_until": LATER})
