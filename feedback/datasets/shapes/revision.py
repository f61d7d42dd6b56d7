"""The prompt-revision file: per prompt version, what failed and why, and what passed and must stay so.

Cases of the test split are held out: a prompt that was revised on them could not be judged by them. So are cases that
touch two splits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets.models import DatasetVersion, Split, VersionRow

SCHEMA = "touchstone.revision/1"
EXTENSION = "jsonl"


def facts(version: DatasetVersion) -> dict[str, Any]:
    return {}


def cases(version: DatasetVersion, split: str, after: int, limit: int) -> list[VersionRow]:
    kept = version.rows.filter(kind=VersionRow.Kind.CASE, position__gt=after).order_by("position")
    open_splits = [split] if split else [Split.TRAIN, Split.VALIDATION]
    return list(kept.filter(data__split__in=open_splits)[:limit])


def rows(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, dict[str, Any]]]:
    for row in cases(version, split, after, limit):
        yield row.position, row.data
