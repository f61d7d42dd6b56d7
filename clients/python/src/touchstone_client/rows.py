"""What is sent and received, as plain dictionaries with known keys. A server may answer with more keys than these."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Message = dict[str, Any]  # role, content, and for tools: tool_calls, tool_call_id, name
Split = Literal["train", "validation", "test"]


class Pair(TypedDict, total=False):
    """A preference pair; with `fields`, only those keys are there."""

    pair_id: str
    group_id: str
    split: Split
    source: Literal["comparison", "ranking", "rating", "correction", "feedback"]
    criterion: str
    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    tools: list[dict[str, Any]]
    n_votes: int
    votes_for: int
    votes_against: int
    votes_tied: int
    vote_share: float
    strength: float | None
    provenance: dict[str, Any]


class Export(TypedDict):
    """A file made from a dataset version, and how far the making is."""

    id: int
    version: int
    shape: str
    split: str
    format: str
    packing: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int | None
    error: str
    n_rows: int
    n_bytes: int
    sha256: str
    manifest: dict[str, Any]


class Refusal(TypedDict):
    """Why one row was not taken. `index` counts the rows as they were given to `ingest`, from 0."""

    index: int
    external_id: str
    pointer: str
    reason: str
    detail: str


class Assignment(TypedDict):
    """A claimed item: what its reviewer may see of it, their draft, and until when the place is held."""

    token: str
    queue: str
    state: str
    claimed_at: str
    lease_until: str | None
    draft: dict[str, Any]
    draft_saved_at: str | None
    draft_etag: str
    submitted_at: str | None
    item: dict[str, Any]


class Submitted(TypedDict, total=False):
    """`state` is submitted (counted) or surplus; `next` is there when it was asked for, None when nothing waits."""

    token: str
    state: str
    submitted_at: str
    next: Assignment | None


class SavedDraft(TypedDict):
    """`etag` is what `if_match` takes when the draft is saved again."""

    answers: dict[str, Any]
    draft_saved_at: str | None
    etag: str
