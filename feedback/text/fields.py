"""A JSON object as names and values that people read: what a tool was called with, and what it answered."""

from __future__ import annotations

import json

LONGEST = 20_000  # characters; what is longer stays as it was sent
LINE = 60  # characters of JSON that are read in one go


def fields_of(text: str) -> list[tuple[str, str]]:
    """Each name with its value: texts as they are, all else as JSON, indented where it is long. Empty where the text
    is no object.
    """
    if not text.lstrip().startswith("{") or len(text) > LONGEST:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [(name, said(value)) for name, value in found.items()]


def said(value: object) -> str:
    if isinstance(value, str):
        return value
    in_a_line = json.dumps(value, ensure_ascii=False)
    return in_a_line if len(in_a_line) <= LINE else json.dumps(value, ensure_ascii=False, indent=2)
