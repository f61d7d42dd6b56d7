"""Answers with the stretches that reviewers marked, and the evidence: for training detectors of hallucinations.

`start` and `end` count code points of `text` from 0, half open, so that in Python `text[start:end] == quote`; in
languages that count UTF-16 units they do not. Marks are each reviewer's own and may overlap. A row without spans says
that most of those asked found nothing: where one marked and the others did not, or nobody was asked, it is left out,
for a detector would learn that the text is sound.
"""

from __future__ import annotations

from typing import Any

from feedback.datasets.shapes import cases
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import INT, NAMED_MESSAGE, TEXT, Columns

SCHEMA = "touchstone.spans/1"
facts, read = cases.facts, cases.read


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    found = [span for span in case["spans"] if span["in_passage"] is None]
    if reason := cases.refused(case, facts) or refused(case, found):
        return reason
    return {
        "prompt": cases.prompt_of(case),
        "text": case["output"],
        "spans": [of(span) for span in found],
        "passages": [{name: p[name] for name in ("position", "title", "text", "url")} for p in case["passages"]],
        **cases.origin(case),
    }


def refused(case: Case, found: list[dict[str, Any]]) -> str:
    """Where the marks do not say of the whole text what is wrong with it."""
    asked = [answer for answer in case["answers"].values() if answer["kind"] == "spans" and answer.get("n")]
    settled = [answer.get("value") for answer in asked if answer.get("asked") is not False]
    if not settled:
        return "not_marked"
    if settled[0] is None or (settled[0] == "no" and found):
        return "contested"
    return "marked_elsewhere" if settled[0] == "yes" and not found else ""


def of(span: dict[str, Any]) -> dict[str, Any]:
    kept = ("start", "end", "quote", "kind", "severity", "note", "reviewer")
    evidence = span["evidence"]
    told = evidence and {name: evidence[name] for name in ("passage", "title", "quote")}
    return {**{name: span[name] for name in kept}, "evidence": told}


EVIDENCE: Columns = {"passage": INT, "title": TEXT, "quote": TEXT}
SPAN: Columns = {
    "start": INT, "end": INT, "quote": TEXT, "kind": TEXT, "severity": TEXT, "note": TEXT, "reviewer": TEXT,
    "evidence": EVIDENCE,
}  # fmt: skip
PASSAGE: Columns = {"position": INT, "title": TEXT, "text": TEXT, "url": TEXT}


def columns(facts: dict[str, Any]) -> Columns:
    return {"prompt": [NAMED_MESSAGE], "text": TEXT, "spans": [SPAN], "passages": [PASSAGE], **cases.columns()}
