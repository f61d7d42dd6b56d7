"""Rules and their versions in the words of the pages."""

from __future__ import annotations

from typing import Any

from feedback.responses.filters import ResponseFilter
from reviews.sampling.models import SamplingRuleVersion


def filter_lines(stored: dict[str, Any]) -> list[str]:
    """What a response must be to be drawn, one sentence part each: "Model: small-1"."""
    return [f"{label_of(name)}: {value_of(name, value)}" for name, value in stored.items()]


def label_of(name: str) -> str:
    known = ResponseFilter.base_filters.get(name)
    return str(known.label) if known is not None else name


def value_of(name: str, value: Any) -> str:
    known = ResponseFilter.base_filters.get(name)
    choices = dict(known.extra.get("choices", ())) if known is not None else {}
    said = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return str(choices.get(said, said))


def reviews_each(version: SamplingRuleVersion) -> str:
    if version.k is None:
        return "as many reviews as the queue asks for"
    return f"{version.k} review{'' if version.k == 1 else 's'} each"


def differences(old: SamplingRuleVersion, new: SamplingRuleVersion) -> list[str]:
    """What the new version says that the old one did not."""
    lines = []
    if old.amount != new.amount or old.method != new.method:
        lines.append(f"Draws {new.amount} instead of {old.amount}.")
    if old.queue_id != new.queue_id:
        lines.append(f"Into {new.queue} instead of {old.queue}.")
    if old.k != new.k:
        lines.append(f"Asks for {reviews_each(new)} instead of {reviews_each(old)}.")
    if old.lane != new.lane:
        lines.append("Is served earlier now." if new.lane < old.lane else "Is served later now.")
    if old.seed != new.seed:
        lines.append(f"Has the seed {new.seed or 'of none'} instead of {old.seed or 'none'}.")
    before, after = old.filter, new.filter
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in before:
            lines.append(f"Only {label_of(name)}: {value_of(name, after[name])}.")
        elif name not in after:
            lines.append(f"{label_of(name)} does not matter any more; it was {value_of(name, before[name])}.")
        elif before[name] != after[name]:
            lines.append(
                f"{label_of(name)} is {value_of(name, after[name])} instead of {value_of(name, before[name])}."
            )
    return lines
