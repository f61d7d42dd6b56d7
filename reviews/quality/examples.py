"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
row: dict[str, Any] = {
    "name": "small-2", "votes": 412, "won": 208.0, "tied": 61.0, "lost": 143.0, "score": 0.41, "low": 0.12, "high": 0.7,
    "expected": 0.588, "best": 1, "worst": 2, "uncontrolled": 0.4, "with_length": 0.38,
}  # fmt: skip
result: dict[str, Any] = {
    "n_comparisons": 618, "n_votes": 618, "n_subjects": 240, "n_reviewers": 9, "n_same": 0, "n_unnamed": 0,
    "left_out": [], "tie": 0.9, "is_ridged": False, "not_told_apart": [], "has_position": True, "baseline": "",
    "effects": {"position": {"value": 0.14, "error": 0.04}}, "triads": {"complete": 1, "circular": 0}, "rows": [row],
}  # fmt: skip

WANTED = OpenApiExample("Wanted", request_only=True, value={"kind": "leaderboard", "filters": {"queue": "pairs"}})
ANALYSIS = OpenApiExample("A leaderboard", status_codes=["200", "202"], value={
    "id": 12, "kind": "leaderboard", "filters": {"queue": "pairs"}, "state": "done", "error": "", "created_at": AT,
    "finished_at": AT, "result": result,
})  # fmt: skip

MEASURE = OpenApiExample("Probably right", response_only=True, value={
    "id": 901, "reviewer": "r-5b1f0c", "criterion": "grounded", "kind": "yes_no", "measure": "accuracy", "n": 84,
    "value": 0.893, "low": 0.809, "high": 0.942, "expected": None, "is_notable": False,
    "confusion": {"classes": ["yes", "no"], "rows": [[0.91, 0.09], [0.13, 0.87]], "n": 84},
    "measured_at": AT,
})  # fmt: skip

DISPUTE = OpenApiExample("In dispute", response_only=True, value={
    "id": 77, "item": 4011, "queue": "groundedness", "criteria": ["grounded"], "value": 10.0, "is_open": True,
    "opened_at": AT, "settled_at": None, "saw_critic": False, "verdict": None,
})  # fmt: skip
NOTICE = OpenApiExample("Leans to the first", response_only=True, value={
    "id": 5, "reviewer": "r-5b1f0c", "criterion": "better", "kind": "comparison", "measure": "position", "n": 120,
    "value": 0.78, "low": 0.7, "high": 0.85, "expected": 0.5, "threshold": "Four standard errors from one half.",
    "opened_at": AT, "closed_at": None,
})  # fmt: skip
