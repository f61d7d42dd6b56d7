"""Raw votes: one row a comparison with every vote that counted, as it was cast, ties included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets.models import DatasetVersion, VersionRow
from feedback.datasets.shapes.order import stable
from feedback.datasets.storing import frozen_rows

SCHEMA = "touchstone.votes/1"
EXTENSION = "jsonl"


def facts(version: DatasetVersion) -> dict[str, Any]:
    return {}


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Votes belong to no split: they are the evidence, not training rows."""
    kept = version.rows.filter(kind=VersionRow.Kind.VOTES, position__gt=after).order_by("position")
    return frozen_rows(kept[:limit])


def record(data: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    return stable(data)
