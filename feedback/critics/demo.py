"""The demo's critic: it reads every answer, overlooks a third of what is wrong and now and then cries wolf."""

from __future__ import annotations

import random
from typing import Any

from feedback.accounts.models import Project
from feedback.critics.assess import assess
from feedback.responses.demo import wrong_answer

CRITIC = {
    "slug": "grounding",
    "name": "Grounding check",
    "version": "3",
    "model": "harbour-judge",
    "criteria": "Does every claim stand in one of the passages? Name the words that do not.",
}
MISSES, CRIES_WOLF = 0.3, 0.12
FINE = {"score": 0.93, "label": "grounded", "spans": [], "reason": "Every claim stands in a passage."}


def fill(project: Project) -> None:
    """One assessment for each response. Idempotent, as sending assessments is."""
    if project.assessments.exists():
        return
    draw = random.Random(13)  # the same world every time
    rows = project.responses.order_by("pk").values_list("external_id", "body__output")
    assess(project, [{"response": name, "critic": CRITIC, **judged(text, draw)} for name, text in rows])


def judged(text: str, draw: random.Random) -> dict[str, Any]:
    wrong = wrong_answer(text)
    if wrong and draw.random() > MISSES:
        found = [span(text, mark["quote"], mark["kind"], mark["severity"], mark["note"]) for mark in wrong["marks"]]
        reason = "At least one claim stands in no passage." if found else "The tone is not that of an insurer."
        return {"score": 0.15, "label": "not grounded", "spans": found, "reason": reason}
    if not wrong and draw.random() < CRIES_WOLF:
        sentence = text.partition(". ")[0]
        found = [span(text, sentence, "unsupported", "minor", "No passage says it in these words.")]
        return {"score": 0.4, "label": "not grounded", "spans": found, "reason": "The first sentence is not quoted."}
    return FINE


def span(text: str, quote: str, kind: str, severity: str, note: str) -> dict[str, Any]:
    start = text.index(quote)
    return {
        "start": start, "end": start + len(quote), "quote": quote, "kind": kind, "severity": severity, "note": note,
    }  # fmt: skip
