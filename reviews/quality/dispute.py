"""What a moderator sees of a disputed item: the subject, and the answers side by side under blind names."""

from __future__ import annotations

import string
from typing import Any

from feedback.judgements.models import Review
from feedback.judgements.record import answers_of, criteria_of
from feedback.responses.models import Passage, Response
from feedback.rubrics.models import Criterion
from reviews.quality.tally import tally
from reviews.queues.desk import conversation
from reviews.queues.forms import SIDES
from reviews.queues.models import Item

Kind = Criterion.Kind
STRENGTHS = {1: "", 2: ", much", 3: ", by far"}
OUTCOMES = {"tie": "Equal", "both_bad": "Both unacceptable"}


def sheet(item: Item, shown: list[Response], reviews: list[Review], disputed: list[str]) -> dict[str, Any]:
    """The context of the page: what was asked, the responses with their passages, one row a criterion."""
    criteria = criteria_of(item.queue.rubric_version)
    names = names_of(shown)
    given = [answers_of(review) for review in reviews]
    settled = tally(criteria, given, [response.pk for response in shown])
    rows = [
        {
            "criterion": criterion,
            "is_disputed": criterion.key in disputed,
            "votes": votes(criterion, settled[criterion.key], names),
            "cells": [cell(criterion, answers.get(criterion.key), names) for answers in given],
        }
        for criterion in criteria
    ]
    return {
        **conversation(shown),
        "answers": [{"label": names[response.pk], "text": response.body.output} for response in shown],
        "passages": Passage.objects.filter(response__in=shown).order_by("response", "position"),
        "reviewers": [f"Reviewer {letter(number)}" for number in range(len(reviews))],
        "notes": [(f"Reviewer {letter(n)}", review.note) for n, review in enumerate(reviews) if review.note],
        "rows": rows,
    }


def letter(number: int) -> str:
    """A, B, … Z, then AA, AB, …"""
    first, last = divmod(number, 26)
    return (string.ascii_uppercase[first - 1] if first else "") + string.ascii_uppercase[last]


def names_of(shown: list[Response]) -> dict[int, str]:
    if len(shown) == 1:
        return {shown[0].pk: "Response"}
    if len(shown) == 2:
        return {response.pk: side for response, side in zip(shown, SIDES, strict=True)}
    return {response.pk: f"Response {number}" for number, response in enumerate(shown, 1)}


def cell(criterion: Criterion, given: Any, names: dict[int, str]) -> dict[str, Any]:
    """One reviewer's answer to one criterion: a few words, a longer text, or marks."""
    if given is None:
        return {"words": "No answer"}
    if criterion.kind == Kind.SPANS:
        return {"marks": given, "words": "" if given else "Nothing marked"}
    if criterion.kind == Kind.CORRECTION:
        return {"text": given["text"]}
    if criterion.kind == Kind.TEXT:
        return {"text": given}
    if criterion.kind == Kind.COMPARISON:
        return {"words": compared(given, names)}
    return {"words": label(criterion, str(given))}


def compared(given: dict[str, Any], names: dict[int, str]) -> str:
    if given["outcome"] != "preferred":
        return OUTCOMES[given["outcome"]]
    return names[given["preferred"]] + STRENGTHS[given["strength"]]


def label(criterion: Criterion, value: str) -> str:
    if criterion.kind == Kind.CHOICE:
        return next((c["label"] for c in criterion.options["choices"] if c["value"] == value), value)
    return value.capitalize()


def votes(criterion: Criterion, answer: dict[str, Any], names: dict[int, str]) -> str:
    """The votes in words, the most first; empty where nothing is voted on."""
    counts = sorted(answer.get("votes", {}).items(), key=lambda entry: (-entry[1], entry[0]))
    words = {str(pk): name for pk, name in names.items()} | OUTCOMES
    if criterion.kind != Kind.COMPARISON:
        words = {value: label(criterion, value) for value, _ in counts}
    return ", ".join(f"{words[outcome]} {n}" for outcome, n in counts if n)
