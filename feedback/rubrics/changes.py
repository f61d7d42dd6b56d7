"""What changed from one version of a rubric to the next, question by question and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.models import Criterion, RubricVersion
from feedback.rubrics.wording import condition_words, failure_words
from feedback.text.diff import word_diff

Definition = dict[str, Any]
LISTS = {"choices": "answer", "kinds": "kind of span", "severities": "severity"}
FIGURES = {
    "min": "the lowest point", "max": "the highest point", "step": "the step", "min_chosen": "the fewest to choose",
    "max_chosen": "the most to choose", "strengths": "the number of strengths", "max_length": "the longest text",
    "responses": "the number of responses", "of": "what is judged one by one", "required_turns": "which need an answer",
}  # fmt: skip
OFFERS = {"unsure": "“Unsure”", "both_bad": "“Both unacceptable”", "ties": "equal places"}


@dataclass
class Change:
    """One question that is not as it was: added, removed, moved or changed."""

    what: str
    label: str
    key: str
    lines: list[str] = field(default_factory=list)
    words: list[tuple[str, str, str]] = field(default_factory=list)  # of the question itself, when it was put otherwise


def changes(old: Sequence[Definition], new: Sequence[Definition]) -> list[Change]:
    """In the order of the new version, then what was removed. Questions are the same when their keys are."""
    before = {row["key"]: row for row in old}
    after = {row["key"]: row for row in new}
    kept_before = [key for key in before if key in after]
    kept_after = [key for key in after if key in before]
    found: list[Change] = []
    for key, row in after.items():
        if key not in before:
            found.append(Change("added", row["label"], key, [kind_of(row)]))
            continue
        lines = list(differences(before[key], row, old, new))
        if kept_before.index(key) != kept_after.index(key):
            lines.append(f"Stands at place {place(new, key)} instead of {place(old, key)}.")
        is_reworded = before[key]["label"] != row["label"]
        if lines or is_reworded:
            words = word_diff(before[key]["label"], row["label"]) if is_reworded else []
            found.append(Change("changed", row["label"], key, lines, list(words)))
    removed = [row for key, row in before.items() if key not in after]
    return found + [Change("removed", row["label"], row["key"], [kind_of(row)]) for row in removed]


def differing(old: RubricVersion, new: RubricVersion) -> dict[str, Any]:
    """For pages: the questions that are not as they were, and the guideline word by word, empty where it is equal."""
    texts = [version.guideline.text if version.guideline else "" for version in (old, new)]
    return {
        "old": old,
        "new": new,
        "changes": changes(definitions_of(old), definitions_of(new)),
        "guideline": [] if texts[0] == texts[1] else word_diff(*texts),
    }


def place(rows: Sequence[Definition], key: str) -> int:
    return [row["key"] for row in rows].index(key) + 1


def kind_of(row: Definition) -> str:
    return f"{Criterion.Kind(row['kind']).label.capitalize()}{'' if row['is_required'] else ', optional'}."


def differences(
    old: Definition, new: Definition, olds: Sequence[Definition], news: Sequence[Definition]
) -> Iterator[str]:
    if old["kind"] != new["kind"]:
        yield f"Is answered by {Criterion.Kind(new['kind']).label} instead of {Criterion.Kind(old['kind']).label}."
        return
    if old["help_text"] != new["help_text"]:
        yield f"Its help says “{new['help_text']}”." if new["help_text"] else "Its help is gone."
    if old["is_required"] != new["is_required"]:
        yield "Needs an answer now." if new["is_required"] else "Is optional now."
    yield from option_differences(old["options"], new["options"])
    yield from told("Fails", "Never fails now.", *(failure_words(row_of(row)) for row in (old, new)))
    conditions = [
        condition_words(row_of(row), [row_of(one) for one in rows]) for row, rows in ((old, olds), (new, news))
    ]
    yield from told("Asked", "Is always asked now.", *conditions)


def told(name: str, otherwise: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"{after[0].upper()}{after[1:]}{f', not: {before}' if before else ''}." if after else otherwise


def row_of(row: Definition) -> Criterion:
    return Criterion(**row)


def option_differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name, words in FIGURES.items():
        if old.get(name) != new.get(name):
            yield f"{words.capitalize()} is {new.get(name, 'not set')} instead of {old.get(name, 'not set')}."
    for name, words in OFFERS.items():
        if bool(old.get(name)) != bool(new.get(name)):
            yield f"Offers {words} now." if new.get(name) else f"Offers {words} no more."
    if bool(old.get("typed")) != bool(new.get("typed")):
        yield "The number is typed now." if new.get("typed") else "Is chosen from points now."
    yield from anchor_differences(old.get("anchors", {}), new.get("anchors", {}))
    for name, words in LISTS.items():
        yield from entry_differences(words, old.get(name, []), new.get(name, []))


def anchor_differences(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for point in sorted({*old, *new}, key=float):
        if old.get(point) != new.get(point):
            yield f"{point} means “{new[point]}”." if point in new else f"{point} has no words of its own any more."


def entry_differences(words: str, old: Sequence[dict[str, str]], new: Sequence[dict[str, str]]) -> Iterator[str]:
    before, after = ({entry["value"]: entry for entry in entries} for entries in (old, new))
    for value, entry in after.items():
        if value not in before:
            yield f"New {words}: {entry['label']}."
        elif before[value]["label"] != entry["label"]:
            yield f"The {words} {before[value]['label']} reads {entry['label']} now."
        elif before[value].get("help", "") != entry.get("help", ""):
            yield f"The {words} {entry['label']} is explained otherwise."
    for value, entry in before.items():
        if value not in after:
            yield f"The {words} {entry['label']} is gone."
    if [value for value in before if value in after] != [value for value in after if value in before]:
        yield f"The order of each {words} is another."
