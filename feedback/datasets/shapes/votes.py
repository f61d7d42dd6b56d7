"""Raw votes: one row a comparison or ranking with every vote that counted, as it was cast, ties included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets.models import DatasetVersion, Split, VersionRow
from feedback.datasets.shapes.columns import BOOL, FLOAT, INT, JSON, TEXT, Columns
from feedback.datasets.shapes.order import stable
from feedback.datasets.storing import frozen_rows

SCHEMA = "touchstone.votes/1"


def facts(version: DatasetVersion) -> dict[str, Any]:
    return {}


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Votes belong to no split: they are the evidence. What was judged in the test split is not among them."""
    kept = version.rows.filter(kind=VersionRow.Kind.VOTES, position__gt=after).order_by("position")
    if facts["sealed"]:
        kept = kept.exclude(data__split=Split.TEST)
    return frozen_rows(kept[:limit])


def record(data: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    return stable(data)


RESPONSE: Columns = {
    "external_id": TEXT, "model": TEXT, "prompt_version": TEXT, "licence": TEXT, "consent": BOOL, "role": TEXT,
    "content": TEXT, "tool_calls": JSON,
}  # fmt: skip
VOTE: Columns = {
    "annotator": TEXT, "choice": TEXT, "strength": INT, "reason": TEXT, "active_ms": INT, "shown_order": [TEXT],
    "at": TEXT, "ranking": JSON,
}  # fmt: skip
VERDICT: Columns = {
    "verdict": INT, "method": TEXT, "queue": TEXT, "rubric": TEXT, "guideline": TEXT, "sampling_rule": TEXT,
    "inclusion_probability": FLOAT, "reviewers": [TEXT],
}  # fmt: skip


def columns(facts: dict[str, Any]) -> Columns:
    """Messages as JSON: they are as they came, whatever they hold."""
    about = dict.fromkeys(("comparison_id", "criterion", "group_id", "outcome", "preferred", "split"), TEXT)
    held = {
        **about,
        "share": FLOAT,
        "prompt": JSON,
        "responses": [RESPONSE],
        "votes": [VOTE],
        "ranking": JSON,
        **VERDICT,
    }
    return {name: held[name] for name in sorted(held)}
