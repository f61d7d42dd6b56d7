"""Checking spans: marked stretches of an output or of a passage, with kind, severity and evidence (RELIABILITY §9)."""

from __future__ import annotations

from typing import Any

from feedback.judgements.material import Material, SourceText
from feedback.judgements.refusal import AnswersRefused, refused
from feedback.text.spans import SpanError, check_span

MAX_MARKS = 500
MAX_NOTE = 2_000
FIELDS = {"response", "passage", "start", "end", "quote", "text_hash", "kind", "severity", "note", "evidence"}
EVIDENCE_FIELDS = {"passage", "start", "end", "quote"}


def check_spans(options: dict[str, Any], given: Any, material: Material, at: str) -> list[dict[str, Any]]:
    """The marks in the order given, each with its response named; nothing marked is an empty list."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise refused(at, "Send a list of marks.")
    if len(given) > MAX_MARKS:
        raise refused(at, f"At most {MAX_MARKS} marks.")
    marks, errors = [], []
    for index, mark in enumerate(given):
        try:
            marks.append(check_mark(options, mark, material, f"{at}/{index}"))
        except AnswersRefused as refusal:
            errors += refusal.errors
    if errors:
        raise AnswersRefused(errors)
    return marks


def check_mark(options: dict[str, Any], mark: Any, material: Material, at: str) -> dict[str, Any]:
    if not isinstance(mark, dict):
        raise refused(at, "A mark is an object with start, end, quote and kind.")
    if extra := set(mark) - FIELDS:
        raise refused(at, f"A mark has no field called {min(extra)[:60]}.")
    response = material.response(mark.get("response"), f"{at}/response")
    source = material.outputs[response]
    checked: dict[str, Any] = {"response": response}
    if mark.get("passage") is not None:
        passage = material.passage(mark["passage"], f"{at}/passage")
        source, checked["passage"] = passage, mark["passage"]
    if mark.get("text_hash") not in (None, source.text_hash):
        raise refused(f"{at}/text_hash", "The mark was made in another text than the stored one.")
    stretch = check_stretch(source, mark, at)
    labels = check_labels(options, mark, at)
    evidence = check_evidence(mark.get("evidence"), material, f"{at}/evidence")
    return checked | stretch | labels | ({"evidence": evidence} if evidence else {})


def check_stretch(source: SourceText, mark: dict[str, Any], at: str) -> dict[str, Any]:
    start, end, quote = mark.get("start"), mark.get("end"), mark.get("quote")
    if not isinstance(quote, str):
        raise refused(f"{at}/quote", "Send the marked words as quote.")
    try:
        check_span(source.text, start, end, quote)  # type: ignore[arg-type]  # it refuses other types itself
    except SpanError as error:
        raise refused(f"{at}/quote" if error.code == "quote-mismatch" else f"{at}/start", error.message) from error
    return {"start": start, "end": end, "quote": quote}


def check_labels(options: dict[str, Any], mark: dict[str, Any], at: str) -> dict[str, Any]:
    """Kind and severity from the criterion's options, and a note. Severity is asked for where the options have any."""
    kinds = [kind["value"] for kind in options["kinds"]]
    severities = [severity["value"] for severity in options.get("severities", [])]
    kind, severity, note = mark.get("kind"), mark.get("severity") or "", mark.get("note") or ""
    if kind not in kinds:
        raise refused(f"{at}/kind", f"Choose one of: {', '.join(kinds)}.")
    if severities and severity not in severities:
        raise refused(f"{at}/severity", f"Choose one of: {', '.join(severities)}.")
    if severity and not severities:
        raise refused(f"{at}/severity", "This rubric does not ask for a severity.")
    if not isinstance(note, str) or len(note) > MAX_NOTE:
        raise refused(f"{at}/note", f"A note is a text of at most {MAX_NOTE:,} characters.")
    return {"kind": kind} | ({"severity": severity} if severity else {}) | ({"note": note} if note else {})


def check_evidence(given: Any, material: Material, at: str) -> dict[str, Any] | None:
    """The passage that shows it, as a whole or with a stretch of its own."""
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) - EVIDENCE_FIELDS:
        raise refused(at, "Evidence is an object with passage and, if wanted, start, end and quote.")
    passage = material.passage(given.get("passage"), f"{at}/passage")
    checked = {"passage": given["passage"]}
    if all(given.get(name) is None for name in ("start", "end", "quote")):
        return checked
    stretch = check_stretch(passage, given, at)
    return checked | stretch
