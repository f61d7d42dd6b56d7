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

replay: dict[str, Any] = {
    "target": 0.9, "items": 240, "labels": 720, "used": 531, "saved": 0.2625, "same": 228, "decided": 236,
    "expected": 0.957,
}  # fmt: skip
question: dict[str, Any] = {
    "criterion": "grounded", "label": "Grounded in the sources?", "kind": "yes_no",
    "weighed": {"n_items": 240, "n_labels": 720, "computed_at": AT}, "n_items": 240, "replays": [replay],
}  # fmt: skip
few: dict[str, Any] = {**question, "criterion": "tone", "label": "Tone", "weighed": None, "n_items": 4, "replays": None}

OVERLAP = OpenApiExample("A policy and its replays", response_only=True, value={
    "k": 2, "policy": {"is_on": True, "target": 0.9, "most": 4, "decides": "majority"}, "fewest": 30,
    "questions": [question, few],
})  # fmt: skip
REPEATS = OpenApiExample("What was said again", response_only=True, value={
    "setting": {"is_on": True, "rate": 0.02, "least_days": 7}, "n_waiting": 6, "n_answered": 48, "n_people": 5,
    "fewest": 10,
    "questions": [
        {"criterion": "grounded", "label": "Grounded in the sources?", "kind": "yes_no", "n": 48, "same": 43,
         "share": 0.896, "low": 0.778, "high": 0.955},
        {"criterion": "tone", "label": "Tone", "kind": "choice", "n": 4, "same": 4, "share": None, "low": None,
         "high": None},
    ],
})  # fmt: skip
GOLD = OpenApiExample("Gold of a queue", response_only=True, value={
    "setting": {"is_on": True, "rate": 0.07}, "items": {"active": 60, "questioned": 1, "retired": 3}, "fewest": 10,
    "reviewers": [
        {"reviewer": "r-5b1f0c", "n": 20, "right": 12, "share": 0.6, "low": 0.387, "high": 0.781, "is_low": True},
        {"reviewer": "r-90ae11", "n": 3, "right": 3, "share": None, "low": None, "high": None, "is_low": None},
    ],
    "training": "answers-training", "course": None,
})  # fmt: skip
