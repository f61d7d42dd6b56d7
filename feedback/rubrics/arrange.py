"""What the buttons of the editor do to the questions of a draft: add, copy, remove and move them and their choices."""

from __future__ import annotations

import copy
import re
from typing import Any

from django.utils.text import slugify

from feedback.rubrics.definition import MAX_CHOICES, MAX_CRITERIA
from feedback.rubrics.models import Criterion

Kind = Criterion.Kind
Definition = dict[str, Any]
ROWS = {"choices": 100, "kinds": 60, "severities": 20}  # lists of entries, and how long their values may be


def blank(kind: str) -> Definition:
    """A new question of a kind, with the options that it cannot do without."""
    rows = [{"value": "", "label": ""}, {"value": "", "label": ""}]
    begun: dict[str, dict[str, Any]] = {
        Kind.SCALE: {"min": 1, "max": 5},
        Kind.CHOICE: {"choices": rows},
        Kind.MULTI_CHOICE: {"choices": rows, "min_chosen": 1},
        Kind.PER_TURN: {"of": "assistant", "choices": rows, "required_turns": "all"},
        Kind.SPANS: {"kinds": rows[:1], "severities": []},
        Kind.COMPARISON: {"strengths": 2, "both_bad": True},
        Kind.RANKING: {"responses": 4, "ties": True},
        Kind.BEST_WORST: {"responses": 4},
    }
    is_required = kind not in {Kind.TEXT, Kind.CORRECTION, Kind.SPANS}
    return {
        "key": "", "kind": kind, "label": "", "help_text": "", "is_required": is_required,
        "options": copy.deepcopy(begun.get(kind, {})), "fails_when": {}, "asked_when": {},
    }  # fmt: skip


def with_keys(definitions: list[Definition]) -> list[Definition]:
    """Keys and values that were left empty, made from their words; what somebody wrote stays as it is."""
    filled = copy.deepcopy(definitions)
    taken = {row["key"] for row in filled if row["key"]}
    for row in filled:
        if not row["key"] and row["label"].strip():
            row["key"] = fresh(slugify(row["label"])[:40].strip("-_") or "question", taken)
            taken.add(row["key"])
        for name, longest in ROWS.items():
            fill_values(row["options"].get(name, []), longest)
    return filled


def fill_values(entries: list[dict[str, Any]], longest: int) -> None:
    taken = {entry["value"] for entry in entries if entry["value"]}
    for entry in entries:
        if not entry["value"] and entry["label"].strip():
            words = slugify(entry["label"])[: min(longest, 40) - 4].strip("-_") or entry["label"].strip()[: longest - 4]
            entry["value"] = fresh(words, taken)
            taken.add(entry["value"])


def fresh(wanted: str, taken: set[str]) -> str:
    number = 2
    key = wanted
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    return key


def change(definitions: list[Definition], action: str) -> int | None:
    """Do in place what a button says, "down:2" or "row-remove:2:choices:1"; the question to look at next.

    A button that no longer fits does nothing: the page it stood on was an older one.
    """
    verb, *parts = action.split(":")
    if verb == "add":
        return add(definitions, parts[0] if parts else "")
    at = index_of(parts, len(definitions))
    if at is None:
        return None
    if verb.startswith("row-"):
        change_row(definitions[at]["options"], verb, parts[1:])
        return at
    if verb == "copy" and len(definitions) < MAX_CRITERIA:
        double = copy.deepcopy(definitions[at])
        double["key"] = fresh(double["key"], {row["key"] for row in definitions}) if double["key"] else ""
        definitions.insert(at + 1, double)
        return at + 1
    if verb == "remove":
        del definitions[at]
        return min(at, len(definitions) - 1) if definitions else None
    if verb == "place":
        return place(definitions, at, index_of(parts[1:], len(definitions)))
    return move(definitions, at, verb)


def place(rows: list[Any], at: int, to: int | None) -> int:
    """Put a row where it was dropped; the others close up."""
    if to is None:
        return at
    rows.insert(to, rows.pop(at))
    return to


def add(definitions: list[Definition], kind: str) -> int | None:
    if kind not in Kind.values or len(definitions) >= MAX_CRITERIA:
        return None
    definitions.append(blank(kind))
    return len(definitions) - 1


def move(rows: list[Any], at: int, verb: str) -> int:
    to = at + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
        return to
    return at


def change_row(options: dict[str, Any], verb: str, parts: list[str]) -> None:
    name = parts[0] if parts else ""
    rows = options.get(name)
    if name not in ROWS or not isinstance(rows, list):
        return
    if verb == "row-add" and len(rows) < MAX_CHOICES:
        rows.append({"value": "", "label": ""})
        return
    at = index_of(parts[1:], len(rows))
    if at is None:
        return
    if verb == "row-remove":
        del rows[at]
    else:
        move(rows, at, verb.removeprefix("row-"))


def index_of(parts: list[str], count: int) -> int | None:
    given = parts[0] if parts else ""
    return int(given) if re.fullmatch(r"\d{1,3}", given) and int(given) < count else None
