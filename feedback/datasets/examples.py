"""Examples for the API's description; tests/test_openapi.py holds them to their schemas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-03-02T09:15:00Z"
ROWS_HASH = "e0a50f6d77a62f83647bbf60a0c04669db06e4d52af2e9edc1df6ce039bacdca"
FILE_HASH = "0fdaf1107e66ef1f9a44d432f57a5caa267e8e206ac7317d4902f7b56f5a20c4"
rule: dict[str, Any] = {"comparisons": True, "corrections": True, "min_votes": 2, "min_share": 0.6}
shares: dict[str, Any] = {"train": 0.8, "validation": 0.1, "test": 0.1}
manifest: dict[str, Any] = {
    "schema": "touchstone.preference/1", "project": "travel-assistant", "dataset": "better-answers", "version": 1,
    "shape": "preference", "split": "all", "format": "jsonl", "packing": "none", "rows": 21, "bytes": 30376,
    "sha256": FILE_HASH, "rows_sha256": ROWS_HASH, "left_out": {},
}  # fmt: skip
provenance: dict[str, Any] = {
    "verdict": 79, "method": "consensus", "queue": "which-answer-is-better", "rubric": "Which answer is better? 1",
    "sampling_rule": "two-answers-to-one-question v1", "inclusion_probability": 0.8,
    "reviewers": ["r-c409a2ca03e6", "r-58b44aebe901", "r-0bfe16c8e96c"],
}  # fmt: skip

DATASET = OpenApiExample("A dataset", value={
    "key": "better-answers", "name": "Better answers", "rule": rule, "shares": shares, "created_at": AT,
    "newest_version": 1,
})  # fmt: skip
version = {
    "id": 1, "dataset": "better-answers", "number": 1, "parent": None, "state": "done",
    "done": 99, "total": 99, "error": "",
    "created_at": AT, "finished_at": AT, "rule": {"rule": rule, "shares": shares},
    "counts": {"verdicts": 99, "candidates": 30, "pairs": 21, "excluded": {"tie": 9}}, "rows_sha256": ROWS_HASH,
    "superseded_at": None, "superseded_by": None, "superseded_for": {},
    "statistics": {"by_split": {"train": 18, "test": 2, "validation": 1}, "mean_vote_share": 0.873},
}  # fmt: skip
DATASET_VERSION = OpenApiExample("A version", status_codes=["200", "202"], value=version)
DATASET_VERSION_DETAIL = OpenApiExample("A version", value={**version, "ended": {"replaced": 1}})
EXPORT_REQUEST = OpenApiExample(
    "Pairs for training", value={"shape": "preference", "split": "train", "format": "parquet"}, request_only=True
)
EXPORT = OpenApiExample("A file", status_codes=["200", "202"], value={
    "id": 1, "version": 1, "shape": "preference", "split": "", "format": "jsonl", "packing": "", "state": "done",
    "done": 21, "total": 21, "error": "", "n_rows": 21, "n_bytes": 30376, "sha256": FILE_HASH, "manifest": manifest,
    "withdrawn_at": None,
})  # fmt: skip
PREFERENCE_PAIR = OpenApiExample("A pair", value={
    "pair_id": "bc5195fe77eea8e15670f84b4bf04df3", "group_id": "6e6600b8609a4ef825b5ecc9", "split": "train",
    "source": "comparison", "criterion": "better",
    "prompt": [{"role": "user", "content": "I fell down the stairs after a party. Will you pay the doctor?"}],
    "chosen": [{"role": "assistant", "content": "Yes, below 1.5 per mille, less the excess of €75."}],
    "rejected": [{"role": "assistant", "content": "No. Accidents under the influence are never covered."}],
    "tools": [], "n_votes": 3, "votes_for": 3, "votes_against": 0, "votes_tied": 0, "vote_share": 1.0, "strength": 2.0,
    "provenance": provenance, "erased_at": None,
})  # fmt: skip
LATER = "2026-03-02T09:30:00Z"
link: dict[str, Any] = {
    "id": 1, "export": 1, "state": "open", "created_at": AT, "expires_at": LATER, "used_at": None, "revoked_at": None,
}  # fmt: skip
LINK = OpenApiExample("A link", value=link, status_codes=["200"])
NEW_LINK = OpenApiExample("A new link", status_codes=["201"], value={
    **link, "url": "https://touchstone.example/files/link/Y0uW1llN3verGu3ssTh1sS3cret0fMany1B1ts00000/",
})  # fmt: skip
LINK_REQUEST = OpenApiExample("For an hour", value={"minutes": 60}, request_only=True)
SHIPMENT = OpenApiExample("A shipment", status_codes=["200", "202"], value={
    "id": 1, "export": 1, "destination": "lake", "state": "done", "done": 30376, "total": 30376, "error": "",
    "place": "s3://acme-lake/touchstone/travel-assistant/better-answers/v1/better-answers-v1-preference.jsonl",
    "created_at": AT, "finished_at": LATER,
})  # fmt: skip
SHIPMENT_REQUEST = OpenApiExample("To the lake", value={"destination": "lake"}, request_only=True)

pair = {"pair_id": "bc5195fe77eea8e15670f84b4bf04df3", "split": "train"}
CHANGES = OpenApiExample("What changed", value={"since": 1, "version": 2, "next": None, "results": [
    {"change": "added", **pair, "prompt": [], "chosen": [], "rejected": []},
    {"change": "removed", **pair, "reason": "a review it counts was invalidated"},
]})  # fmt: skip
USES = OpenApiExample("Uses", value={"results": [
    {"version": 1, "dataset": "better-answers", "number": 1, "pairs": 3, "superseded_at": AT, "superseded_by": 2},
]})  # fmt: skip
answer = {"id": 1, "external_id": "chat-021", "model": "harbour-large", "erased_at": None}
ORIGINS = OpenApiExample("Where a pair came from", value={
    "pair_id": pair["pair_id"],
    "verdict": {"id": 1, "method": "consensus", "is_current": True, "settled_at": AT, "other": []},
    "queue": "which-answer", "sampling": {"rule": "two-answers v1", "inclusion_probability": 0.8},
    "reviews": [{"id": 1, "reviewer": "r-c61fd6ab1eb5", "submitted_at": AT, "withdrawn_at": None,
                 "invalidated_at": None}],
    "rubric": {"rubric": 1, "name": "Which answer is better?", "version": 1},
    "guideline": {"name": "How to compare", "version": 1},
    "responses": [{"side": "chosen", **answer, "prompt": {"id": 1, "name": "claims", "label": "v5"},
                   "passages": [{"position": 0, "title": "Exclusions", "sha256": FILE_HASH}]}],
    "versions": [{"id": 1, "number": 1}],
})  # fmt: skip
