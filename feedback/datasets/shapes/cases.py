"""Frozen cases one by one: responses that were judged alone, for the shapes whose rows are made of one."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from operator import itemgetter
from typing import Any

from feedback.among import Among
from feedback.datasets.models import DatasetVersion, Split, VersionRow
from feedback.datasets.shapes.columns import TEXT, Columns
from feedback.datasets.shapes.order import in_order
from feedback.datasets.shapes.pairs import Message, messages
from feedback.datasets.storing import frozen_rows

Case = dict[str, Any]
BATCH = 500
GOLDEN = (5**0.5 - 1) / 2


def facts(version: DatasetVersion) -> dict[str, Any]:
    needs_consent = bool(version.rule.get("rule", {}).get("requires_consent"))
    return {"n": version.counts["cases"], "needs_consent": needs_consent}


def of_splits(version: DatasetVersion, splits: list[str], facts: dict[str, Any]) -> Any:
    rows = version.rows.filter(kind=VersionRow.Kind.CASE).order_by("position")
    rows = rows.exclude(data__split=Split.TEST) if facts["sealed"] else rows
    return rows.filter(data__split__in=splits) if splits else rows


def held_open(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, Case]]:
    """In their order, of one split or of those that a prompt may be revised on."""
    rows = of_splits(version, [split] if split else [Split.TRAIN, Split.VALIDATION], facts)
    return frozen_rows(rows.filter(position__gt=after)[:limit])


def read(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[tuple[int, Case]]:
    """In their order, of one split or of all."""
    return frozen_rows(of_splits(version, [split] if split else [], facts).filter(position__gt=after)[:limit])


def apart(
    version: DatasetVersion, split: str, after: int, limit: int, facts: dict[str, Any]
) -> Iterator[list[tuple[int, Case]]]:
    """Far from each other: neighbours in this order are far apart in the other one, which keeps an input's together.
    Some at a time, with their places.
    """
    n, rows = facts["n"], of_splits(version, [split] if split else [], facts)
    step = stride(n)
    for first in range(after + 1, n, BATCH):
        places = {place * step % n: place for place in range(first, min(first + BATCH, n))}
        found = [(places[at], case) for at, case in frozen_rows(rows.filter(Among("position", places)))]
        yield sorted(found, key=itemgetter(0))
        limit -= len(found)
        if limit <= 0:
            return


def stride(n: int) -> int:
    """Steps of this length through n places come by each once, and spread evenly from the first one on."""
    step = max(1, round(n * GOLDEN))
    while gcd(step, n) > 1:
        step += 1
    return step


def prompt_of(case: Case) -> list[Message]:
    return messages(in_order(case["messages"]))


def refused(case: Case, facts: dict[str, Any]) -> str:
    """What holds for every training file: consent, one split, all of it in text, a prompt that waits for an answer."""
    if facts["needs_consent"] and not case["response"]["consent"]:
        return "no_consent"
    if not case["split"]:
        return "joins_two_splits"
    if not case.get("is_text", True):  # cases frozen before this was noted
        return "not_only_text"
    if case.get("tools") or case.get("tool_calls") or any(turn.get("tool_calls") for turn in case["messages"]):
        return "tools"
    if not case["output"].strip():
        return "blank_turn"
    turns = case["messages"]
    return "" if turns and turns[-1]["role"] in {"user", "tool"} else "prompt_not_open"


def origin(case: Case) -> dict[str, Any]:
    """The columns beside the texts: names that no trainer gives a meaning to. Soft labels are in `answers`."""
    kept = ("answers", "verdict", "method", "queue", "rubric", "guideline", "sampling_rule", "inclusion_probability")
    told = {name: case[name] for name in kept} | {"response": case["response"], "reasons": case["reasons"]}
    return {
        "response_id": case["response"]["external_id"],
        "split": case["split"],
        "annotators": case["reviewers"],
        "metadata": in_order(told).decode(),
    }


def columns() -> Columns:
    """Of what `origin` writes."""
    return {"response_id": TEXT, "split": TEXT, "annotators": [TEXT], "metadata": TEXT}
