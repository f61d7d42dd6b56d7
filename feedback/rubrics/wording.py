"""Questions, conditions and failures in the words of the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from feedback.rubrics.models import Criterion

Kind = Criterion.Kind
WORDS = {
    "yes": gettext_lazy("Yes"),
    "no": gettext_lazy("No"),
    "unsure": gettext_lazy("Unsure"),
    "preferred": gettext_lazy("One better"),
    "tie": gettext_lazy("Equal"),
    "both_bad": gettext_lazy("Both unacceptable"),
}


def number_words(value: float, digits: int = 9) -> str:
    """A number as people write it: 4, 0.5, 1,250,000; never more digits after the point than asked for."""
    words = f"{value:,.{digits}f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def answer_words(criterion: Criterion, value: str) -> str:
    """An answer as the page puts it."""
    entries = criterion.options.get("choices", [])
    return str(next((entry["label"] for entry in entries if entry["value"] == value), WORDS.get(value, value)))


def turn_name(options: Mapping[str, Any]) -> str:
    """What a question about each calls one of them."""
    return gettext("step") if options.get("of") == "step" else gettext("turn")


def turns_in_words(criterion: Criterion, said: Mapping[str, str]) -> str:
    """turn 3: Good; turn 5: Bad."""
    name = turn_name(criterion.options)
    return "; ".join(f"{name} {turn}: {answer_words(criterion, said[turn])}" for turn in sorted(said, key=int))


def listed(words: Sequence[str]) -> str:
    """A, B or C."""
    return gettext(" or ").join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def condition_words(criterion: Criterion, criteria: Sequence[Criterion]) -> str:
    """When a question is asked: 'asked only if “Is it grounded?” is No'; empty for always."""
    condition = criterion.asked_when
    earlier = next((other for other in criteria if other.key == condition.get("criterion")), None)
    if earlier is None:
        return ""
    return condition_sentence(Kind(earlier.kind), condition) % {
        "label": earlier.label,
        "said": listed([answer_words(earlier, value) for value in condition.get("values", [])]),
        "bound": number_words(condition.get("below", condition.get("at_least", 0))),
    }


def condition_sentence(kind: Kind, condition: dict[str, Any]) -> str:
    """The sentence for a condition on a question of this kind, with places for label, said and bound."""
    if "values" in condition:
        if kind == Kind.MULTI_CHOICE:
            return gettext("asked only if “%(label)s” has %(said)s")
        if kind == Kind.COMPARISON:
            return gettext("asked only if “%(label)s” is answered %(said)s")
        return gettext("asked only if “%(label)s” is %(said)s")
    if "below" in condition:
        return gettext("asked only if “%(label)s” is below %(bound)s")
    if "at_least" in condition:
        return gettext("asked only if “%(label)s” is at least %(bound)s")
    if kind == Kind.SPANS:
        return gettext("asked only if “%(label)s” has a span")
    if kind == Kind.CORRECTION:
        return gettext("asked only if “%(label)s” is rewritten")
    return gettext("asked only if “%(label)s” is answered")


def failure_words(criterion: Criterion) -> str:
    """Which settled answers count as a failure; empty for none."""
    fails = criterion.fails_when
    if not fails:
        return ""
    if "below" in fails:
        return f"fails below {number_words(fails['below'])}"
    if "values" in fails:
        of_turn = f"one {turn_name(criterion.options)} is settled as"
        settled = {Kind.MULTI_CHOICE: "settled with", Kind.PER_TURN: of_turn}.get(Kind(criterion.kind), "settled as")
        return f"fails when {settled} {listed([answer_words(criterion, value) for value in fails['values']])}"
    return "fails when anything is marked"
