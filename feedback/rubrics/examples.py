"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
rubric: dict[str, Any] = {"id": 1, "name": "Helpfulness and grounding", "created_at": AT}
version: dict[str, Any] = {"id": 1, "number": 1, "subject_size": 1, "frozen_at": AT, "created_at": AT}
criteria: list[dict[str, Any]] = [
    {
        "key": "grounded",
        "kind": "yes_no",
        "label": "Is everything it states supported by the sources?",
        "help_text": "No if one checkable statement is contradicted by the sources, or is in none of them.",
        "is_required": True,
        "options": {},
        "fails_when": {"values": ["no"]},
    },
    {
        "key": "helpful",
        "kind": "scale",
        "label": "How well does it answer what was asked?",
        "help_text": "",
        "is_required": True,
        "options": {"min": 1, "max": 5, "anchors": {"1": "No use", "5": "Just right"}},
        "fails_when": {"below": 3},
    },
]
guideline = {
    "name": "Helpfulness and grounding",
    "number": 1,
    "text": "One answer, against the sources shown beside it.",
}

RUBRIC = OpenApiExample("A rubric", value=rubric)
RUBRIC_DETAIL = OpenApiExample("A rubric with its versions", value={**rubric, "versions": [version]})
VERSION_DETAIL = OpenApiExample(
    "A version", {**version, "rubric": rubric["name"], "guideline": guideline, "criteria": criteria}
)
