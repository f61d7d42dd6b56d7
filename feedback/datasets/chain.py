"""The hash of a version's pairs, chained row by row."""

from __future__ import annotations

import hashlib
from typing import Any

from feedback.datasets.models import DatasetVersion
from feedback.text.canonical import canonical_json

HASHED = (
    "position", "pair_id", "group_id", "split", "source", "criterion", "prompt", "chosen", "rejected", "tools",
    "n_votes", "votes_for", "votes_against", "votes_tied", "vote_share", "strength", "provenance",
)  # fmt: skip


def chained(before: str, values: dict[str, Any]) -> str:
    """SHA-256 over the hash before and the pair's canonical JSON: equal on both databases, and counted row by row."""
    return hashlib.sha256(f"{before}\n{canonical_json(values)}".encode()).hexdigest()


def rows_hash(version: DatasetVersion) -> str:
    """The same chain over the rows as they are stored."""
    chain = ""
    for values in version.pairs.order_by("position").values(*HASHED).iterator(chunk_size=500):
        chain = chained(chain, values)
    return chain or hashlib.sha256().hexdigest()
