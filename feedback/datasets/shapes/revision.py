"""The prompt-revision file: per prompt version, what failed and why, and what passed and must stay so.

Cases of the test split are held out: a prompt that was revised on them could not be judged by them. So are cases that
touch two splits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets.models import DatasetVersion, Split, VersionRow
from feedback.datasets.shapes.order import stable
from feedback.datasets.storing import frozen_rows

SCHEMA = "touchstone.revision/1"
EXTENSION = "jsonl"


def facts(version: DatasetVersion) -> dict[str, Any]:
    return {}


def cases(version: DatasetVersion, split: str, after: int, limit: int) -> Iterator[tuple[int, dict[str, Any]]]:
    kept = version.rows.filter(kind=VersionRow.Kind.CASE, position__gt=after).order_by("position")
    open_splits = [split] if split else [Split.TRAIN, Split.VALIDATION]
    return frozen_rows(kept.filter(data__split__in=open_splits)[:limit])


def rows(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    for position, case in cases(version, split, after, limit):
        yield position, stable(case)
