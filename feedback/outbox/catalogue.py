"""Every type of event: when it is told, and what its data look like. docs/how-to/webhooks.md is held to this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HASH = "e0a50f6d77a62f83647bbf60a0c04669db06e4d52af2e9edc1df6ce039bacdca"
version = {
    "dataset": "better-answers",
    "number": 2,
    "version": 7,
    "api": "https://touchstone.example/api/v1/dataset-versions/7/",
}


@dataclass(frozen=True)
class Type:
    name: str
    words: str  # after "when"; details follow a colon
    data: dict[str, Any]  # an example

    @property
    def in_short(self) -> str:
        return self.words.split(":")[0]


TYPES = {
    one.name: one
    for one in (
        Type(
            "dataset.version.ready",
            "a version of a dataset is complete",
            {**version, "pairs": 21, "rows_sha256": HASH},
        ),
        Type(
            "dataset.version.superseded",
            "a complete version stops being the one to use: `reason` is `newer` when a later one is complete, else why "
            "rows of it stand no more (`erased`, `invalidated`, `withdrawn`, `replaced`, `ended`)",
            {**version, "number": 1, "version": 3, "reason": "newer", "by": 7},
        ),
        Type(
            "export.ready",
            "a file of a version can be downloaded",
            {
                "dataset": "better-answers",
                "number": 2,
                "version": 7,
                "export": 12,
                "shape": "preference",
                "split": "train",
                "rows": 18,
                "bytes": 26019,
                "sha256": HASH,
                "api": "https://touchstone.example/api/v1/exports/12/",
            },
        ),
        Type(
            "verdict.settled",
            "the reviews of an item are settled into a verdict, or a moderator decides",
            {
                "verdict": 79,
                "item": 41,
                "queue": "which-answer-is-better",
                "rubric": "Which answer is better?",
                "rubric_version": 1,
                "method": "consensus",
                "is_failure": False,
                "reviews": 3,
                "responses": [118, 119],
            },
        ),
        Type(
            "verdict.ended",
            "a verdict stops standing and no other takes its place yet: a review was taken back, an item reopened",
            {"verdict": 79, "item": 41, "queue": "which-answer-is-better"},
        ),
    )
}
TEST = Type("webhook.test", "somebody asks for a test; only the endpoint that it is for is told", {"endpoint": 1})


def words_of(type: str) -> str:
    known = {**TYPES, TEST.name: TEST}.get(type)
    return known.in_short if known else type  # one of an older release, say
