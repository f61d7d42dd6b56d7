"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
prompt: dict[str, Any] = {"id": 1, "name": "claims-answer", "created_at": AT}
version: dict[str, Any] = {"id": 3, "prompt": "claims-answer", "version": "v7", "has_text": True, "created_at": AT}
texts: dict[str, Any] = {
    "template": "{{question}}",
    "system": "You answer customers of a travel insurer. Use only the passages and name the clause.",
    "parameters": {},
}

PROMPT = OpenApiExample("A prompt", value=prompt)
VERSION = OpenApiExample("A version", value=version)
VERSION_DETAIL = OpenApiExample("A version with its texts", value={**version, **texts})
