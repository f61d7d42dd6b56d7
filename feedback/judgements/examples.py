"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
about: dict[str, Any] = {
    "subject": 141,
    "responses": [{"id": 165, "external_id": "chat-027-a"}, {"id": 166, "external_id": "chat-027-b"}],
    "queue": "which-answer-is-better",
    "rubric_version": {"id": 2, "name": "Which answer is better?", "number": 1},
}
better: dict[str, Any] = {
    "kind": "comparison", "outcome": "preferred", "preferred": 165, "share": 1.0, "n": 3, "strength": 2.0,
    "votes": {"165": 3, "166": 0, "tie": 0, "both_bad": 0}, "strengths": {"2": 3},
}  # fmt: skip

REVIEW = OpenApiExample("A review", value={
    "id": 258, **about, "reviewer": "r-0bfe16c8e96c", "imported_from": "", "round": 1, "revision": 1,
    "answers": {"better": {"outcome": "preferred", "preferred": 165, "strength": 2}}, "note": "",
    "shown_order": [166, 165], "visible": {"model": False, "critic": False}, "active_ms": 28363, "submitted_at": AT,
    "withdrawn_at": None, "invalidated_at": None,
    "digest": "bdf32a84b13a96abd980657e6f77dbe592c8a9a2dc98f4d308a776d6cce17347",
})  # fmt: skip
VERDICT = OpenApiExample("A verdict", value={
    "id": 99, **about, "queue_label": "Which answer is better?", "method": "consensus", "answers": {"better": better},
    "is_failure": None, "n_reviews": 3, "review_ids": [256, 257, 258], "settled_by": "", "reason": "",
    "rule_label": "v6-model-against-model v1", "inclusion_probability": 0.8, "is_current": True, "created_at": AT,
    "superseded_at": None,
})  # fmt: skip
judged: dict[str, Any] = {
    "rubric_version": about["rubric_version"], "reviewer": "r-0bfe16c8e96c", "imported_from": "", "submitted_at": AT,
    "withdrawn_at": None, "invalidated_at": None,
}  # fmt: skip
VOTE = OpenApiExample("A vote", value={
    "review": 258, "criterion": "better", "kind": "comparison",
    "value": {"outcome": "preferred", "preferred": 165, "strength": 2}, "subject": 141,
    "responses": about["responses"], "shown_order": [166, 165], "queue": about["queue"], "round": 1, "revision": 1,
    "active_ms": 28363, **judged,
})  # fmt: skip
SPAN = OpenApiExample("A span", value={
    "id": 31, "review": 12, "criterion": "flags", "subject": 9, "response": {"id": 9, "external_id": "chat-003"},
    "passage": None, "start": 4, "end": 11, "quote": "90 days", "prefix": "Yes, ", "suffix": " after the accident.",
    "text_hash": "bdf32a84b13a96abd980657e6f77dbe592c8a9a2dc98f4d308a776d6cce17347", "kind": "contradicted",
    "severity": "major", "note": "The policy says 30.",
    "evidence": {"passage": 4, "start": 13, "end": 20, "quote": "30 days"}, "queue": "grounding",
    **judged, "rubric_version": {"id": 1, "name": "Grounding", "number": 1},
})  # fmt: skip
