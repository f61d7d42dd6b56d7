"""A rubric version as a JSON document, to keep it elsewhere or bring it to another project."""

from __future__ import annotations

import json
from typing import Any

from feedback.rubrics.definition import check_definitions
from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.models import RubricVersion
from feedback.text.canonical import parse_json

FORMAT = "touchstone-rubric/1"
MOST_BYTES = 1024 * 1024


class NotARubric(ValueError):
    """The document cannot be read as a rubric; the message says why."""


def document(version: RubricVersion) -> str:
    """What `read_document` takes, with what was left at its default left out."""
    criteria = [
        {name: value for name, value in row.items() if value not in ("", {})} for row in definitions_of(version)
    ]
    found = {
        "format": FORMAT,
        "name": version.rubric.name,
        "version": version.number,
        "subject_size": version.subject_size,
        "criteria": criteria,
        "guideline": version.guideline.text if version.guideline else "",
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def read_document(data: bytes | str) -> tuple[list[dict[str, Any]], str]:
    """Checked definitions and the guideline of a document, or of a bare list of questions.

    Raises NotARubric, CanonicalError for what is no JSON, RubricRefused for faulty questions.
    """
    found = parse_json(data, max_bytes=MOST_BYTES)
    if isinstance(found, list):
        found = {"criteria": found}
    if not isinstance(found, dict) or "criteria" not in found:
        raise NotARubric("This is no rubric: it has no list of criteria.")
    if found.get("format", FORMAT) != FORMAT:
        raise NotARubric(f"This is written in a format that is not known here; {FORMAT} is.")
    guideline = found.get("guideline", "")
    if not isinstance(guideline, str):
        raise NotARubric("Its guideline is not a text.")
    return check_definitions(found["criteria"]), guideline
