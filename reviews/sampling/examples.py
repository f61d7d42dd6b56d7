"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
rule: dict[str, Any] = {
    "key": "sample-of-production", "name": "Sample of production", "is_active": True, "interval_minutes": 60,
    "created_at": AT,
}  # fmt: skip
version: dict[str, Any] = {
    "number": 1, "queue": "grounding", "filter": {"origin": "production"}, "method": "rate", "rate": 0.05, "size": None,
    "seed": "sample-of-production", "k": None, "lane": 1, "created_at": AT,
}  # fmt: skip

RULE = OpenApiExample("A rule", value=rule)
RULE_DETAIL = OpenApiExample("A rule with its versions", value={**rule, "versions": [version]})
RUN = OpenApiExample("A run", status_codes=["200", "202"], value={
    "id": 4, "rule": "sample-of-production", "version": 1, "queue": "grounding",
    "tick": "hand-fa978a698ac44796aecd2fe857c28192", "state": "done", "error": "", "lowest_id": 1, "highest_id": 20400,
    "population": None, "n_drawn": 1020, "n_added": 1017, "created_at": AT, "finished_at": AT,
})  # fmt: skip
