"""What changed from one version of a prompt to another: its texts word by word, its parameters one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from feedback.prompts.models import PromptVersion
from feedback.text.diff import word_diff
from feedback.text.render import Mark

GONE, ADDED = "gone", "added"
Step = tuple[str, str, str]


@dataclass(frozen=True)
class Changed:
    """Both texts in one, with marks on what is only in the older or only in the newer."""

    name: str
    text: str
    marks: list[Mark]

    @property
    def is_same(self) -> bool:
        return not self.marks


def changed(name: str, older: str, newer: str) -> Changed:
    text: list[str] = []
    marks: list[Mark] = []
    at = 0
    for step, before, after in smoothed(word_diff(older, newer)):
        parts = [(before, "")] if step == "equal" else [(before, GONE), (after, ADDED)]
        for part, kind in parts:
            if part and kind:
                marks.append(Mark(len(marks), at, at + len(part), kind))
            text.append(part)
            at += len(part)
    return Changed(name, "".join(text), marks)


def smoothed(steps: Iterable[Step]) -> list[Step]:
    """A space left alone between two changes belongs to them: a phrase that was rewritten reads as one change."""
    found: list[Step] = []
    for step, before, after in steps:
        if step != "equal" and len(found) > 1 and found[-1][0] == "equal" and not found[-1][1].strip(" "):
            space, (_, gone, added) = found.pop()[1], found.pop()
            found.append(("replace", gone + space + before, added + space + after))
        else:
            found.append((step, before, after))
    return found


def texts(older: PromptVersion, newer: PromptVersion) -> list[Changed]:
    """The parts of the two that hold any text, in the order a model reads them."""
    pairs = [("System text", older.system, newer.system), ("Template", older.template, newer.template)]
    return [changed(*pair) for pair in pairs if pair[1] or pair[2]]


def parameters(older: PromptVersion, newer: PromptVersion) -> list[dict[str, Any]]:
    """One row a parameter that either has, by name."""
    return [
        {
            "name": name,
            "older": said(older.parameters, name),
            "newer": said(newer.parameters, name),
            "is_same": older.parameters.get(name) == newer.parameters.get(name),
        }
        for name in sorted({*older.parameters, *newer.parameters})
    ]


def listed(version: PromptVersion) -> list[tuple[str, str]]:
    return [(name, said(version.parameters, name)) for name in sorted(version.parameters)]


def said(values: dict[str, Any], name: str) -> str:
    """A value for people: text as it is, anything else as JSON writes it, nothing where it is missing."""
    value = values.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
