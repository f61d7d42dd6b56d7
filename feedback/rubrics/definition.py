"""What a criterion's definition may say. Checked before a version is published, because afterwards nothing changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from feedback.rubrics.models import OF_CHOICES, RANKED, Criterion
from feedback.text.canonical import CanonicalError, canonicalise

Kind = Criterion.Kind
Options = dict[str, Any]
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
FIELDS = {"key", "kind", "label", "help_text", "is_required", "options", "fails_when", "asked_when"}
MAX_CRITERIA = 40
MAX_POINTS = 101  # of a scale
MAX_TYPED = 1_000_000_000  # numbers that can be typed: beyond it a step is lost in the digits of the bounds
MAX_CHOICES = 60
MOST_RANKED = 8  # responses that a person can hold against each other
NO_CONDITION = {*RANKED, Kind.PER_TURN}  # have no one answer that another question could wait for
NEVER_WAITS = {Kind.SPANS, Kind.PER_TURN}  # are asked about the text itself
NEVER_FAIL = {Kind.TEXT, Kind.CORRECTION, *RANKED}


class RubricRefused(ValueError):
    """What is wrong with the definitions: `errors` is a list of {"pointer", "detail"}, pointers into the list."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['pointer']}: {error['detail']}" for error in errors))
        self.errors = errors


class Faulty(Exception):
    """One fault: where in the definition, and why."""

    def __init__(self, at: str, detail: str) -> None:
        super().__init__(at, detail)
        self.at, self.detail = at, detail


def check_definitions(definitions: Any) -> list[dict[str, Any]]:
    """The definitions with every field present, or `RubricRefused` with the first fault of each."""
    checked, errors = sorted_out(definitions)
    if errors:
        raise RubricRefused(errors)
    return checked


def sorted_out(definitions: Any) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Those that can be asked, with every field present, and the first fault of each of the others."""
    try:
        canonicalise(definitions)
    except CanonicalError as error:
        return [], [{"pointer": error.pointer, "detail": error.message}]
    if not isinstance(definitions, list) or not 1 <= len(definitions) <= MAX_CRITERIA:
        return [], [{"pointer": "", "detail": f"A rubric asks 1 to {MAX_CRITERIA} questions."}]
    checked: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    keys: set[str] = set()
    unclear: set[Any] = set()  # keys of faulty questions: what waits for one of them cannot be checked yet
    for index, definition in enumerate(definitions):
        try:
            row = check_definition(definition)
            require(row["key"] not in keys, "/key", "Another question has this key.")
            keys.add(row["key"])
            if row["asked_when"].get("criterion") in unclear:
                unclear.add(row["key"])
                continue
            check_asked_when(row, checked)
            check_size(row, checked)
            again = row["kind"] == Kind.SPANS and any(other["kind"] == Kind.SPANS for other in checked)
            require(not again, "/kind", "Marks are asked for once: the page keeps one set of them.")
            checked.append(row)
        except Faulty as fault:
            errors.append({"pointer": f"/{index}{fault.at}", "detail": fault.detail})
            key = definition.get("key") if isinstance(definition, dict) else None
            unclear |= {key} - {"", *keys} if isinstance(key, str) else set()
    return checked, errors


def require(holds: Any, at: str, detail: str) -> None:
    if not holds:
        raise Faulty(at, detail)


def check_definition(given: Any) -> dict[str, Any]:
    require(isinstance(given, dict), "", "A question is an object.")
    require(not set(given) - FIELDS, "", f"A question has only these fields: {', '.join(sorted(FIELDS))}.")
    row = {"help_text": "", "is_required": True, "options": {}, "fails_when": {}, "asked_when": {}} | given
    require(is_text(row.get("label"), 200), "/label", "A question of 1 to 200 characters.")
    key = row.get("key")
    require(isinstance(key, str) and KEY.fullmatch(key), "/key", "Small letters, digits, - and _; at most 60.")
    require(row.get("kind") in Kind.values, "/kind", f"One of: {', '.join(Kind.values)}.")
    require(is_text(row["help_text"], 500, empty=True), "/help_text", "A text of at most 500 characters.")
    require(isinstance(row["is_required"], bool), "/is_required", "true or false.")
    require(isinstance(row["options"], dict), "/options", "An object.")
    require(isinstance(row["fails_when"], dict), "/fails_when", "An object.")
    require(isinstance(row["asked_when"], dict), "/asked_when", "An object.")
    OPTIONS[row["kind"]](row["options"])
    check_fails_when(row["kind"], row["options"], row["fails_when"])
    return row


def is_text(value: Any, longest: int, *, empty: bool = False) -> bool:
    return isinstance(value, str) and len(value) <= longest and (empty or bool(value.strip()))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def only(options: Options, *names: str) -> None:
    require(not set(options) - set(names), "/options", f"Only these options: {', '.join(names)}.")


# -- options by kind ---------------------------------------------------------------------------------------------------


def check_scale(options: Options) -> None:
    """Points to choose from, or a number that is typed (`typed`), whose bounds may lie far apart."""
    only(options, "min", "max", "step", "anchors", "typed")
    low: Any = options.get("min")
    high: Any = options.get("max")
    step = options.get("step", 1)
    require(is_number(low) and is_number(high) and low < high, "/options/max", "Numbers min and max, min below max.")
    require(is_number(step) and step > 0, "/options/step", "A number above 0.")
    is_typed, count = options.get("typed", False), (high - low) / step
    require(isinstance(is_typed, bool), "/options/typed", "true or false.")
    many = f"A scale has at most {MAX_POINTS} points; a number that is typed may have more."
    require(is_typed or count < MAX_POINTS, "/options/step", many)
    require(count < MAX_TYPED, "/options/step", f"At most {MAX_TYPED:,} steps.")
    anchors = options.get("anchors", {})
    require(isinstance(anchors, dict), "/options/anchors", "An object: points and the words for them.")
    for point, words in anchors.items():
        at = f"/options/anchors/{point}"
        require(re.fullmatch(r"-?\d+(\.\d+)?", point) and low <= float(point) <= high, at, "Not a point of the scale.")
        require(is_text(words, 200), at, "Words of 1 to 200 characters.")


def check_yes_no(options: Options) -> None:
    only(options, "unsure")
    require(isinstance(options.get("unsure", False), bool), "/options/unsure", "true or false.")


def check_entries(options: Options, name: str, longest: int, fewest: int) -> None:
    """A list of {value, label, help?} with different values."""
    entries, at = options.get(name, []), f"/options/{name}"
    require(
        isinstance(entries, list) and fewest <= len(entries) <= MAX_CHOICES, at, f"{fewest} to {MAX_CHOICES} entries."
    )
    for index, entry in enumerate(entries):
        here = f"{at}/{index}"
        require(
            isinstance(entry, dict) and not set(entry) - {"value", "label", "help"},
            here,
            "An object: value, label, help.",
        )
        require(is_text(entry.get("label"), 200), f"{here}/label", "Words of 1 to 200 characters.")
        require(is_text(entry.get("value"), longest), f"{here}/value", f"A text of 1 to {longest} characters.")
        require(is_text(entry.get("help", ""), 500, empty=True), f"{here}/help", "A text of at most 500 characters.")
    require(len({entry["value"] for entry in entries}) == len(entries), at, "Two entries have the same value.")


def check_choice(options: Options) -> None:
    only(options, "choices")
    check_entries(options, "choices", 100, 2)


def check_multi_choice(options: Options) -> None:
    """At least `min_chosen` (1 when absent) and at most `max_chosen` of the choices; 0 makes "none" an answer."""
    only(options, "choices", "min_chosen", "max_chosen")
    check_entries(options, "choices", 100, 2)
    count = len(options["choices"])
    fewest, most = options.get("min_chosen", 1), options.get("max_chosen", count)
    require(is_count(fewest) and 0 <= fewest <= count, "/options/min_chosen", f"A whole number from 0 to {count}.")
    require(is_count(most) and 1 <= most <= count, "/options/max_chosen", f"A whole number from 1 to {count}.")
    require(fewest <= most, "/options/max_chosen", "Not fewer than the fewest.")


def check_per_turn(options: Options) -> None:
    only(options, "of", "choices", "required_turns")
    require(options.get("of") in ("assistant", "step"), "/options/of", "assistant or step.")
    require(options.get("required_turns", "all") in ("all", "any"), "/options/required_turns", "all or any.")
    check_entries(options, "choices", 100, 2)


def check_spans(options: Options) -> None:
    only(options, "kinds", "severities")
    check_entries(options, "kinds", 60, 1)
    check_entries(options, "severities", 20, 0)


def check_comparison(options: Options) -> None:
    only(options, "strengths", "both_bad")
    require(options.get("strengths", 1) in (1, 2, 3), "/options/strengths", "1, 2 or 3.")
    require(isinstance(options.get("both_bad", False), bool), "/options/both_bad", "true or false.")


def check_ranking(options: Options) -> None:
    only(options, "responses", "ties")
    count = options.get("responses")
    is_possible = is_count(count) and 2 <= count <= MOST_RANKED  # type: ignore[operator]
    require(is_possible, "/options/responses", f"A whole number from 2 to {MOST_RANKED}.")
    require(isinstance(options.get("ties", False), bool), "/options/ties", "true or false.")


def check_best_worst(options: Options) -> None:
    only(options, "responses")
    count = options.get("responses")
    is_possible = is_count(count) and 3 <= count <= MOST_RANKED  # type: ignore[operator]
    require(is_possible, "/options/responses", f"A whole number from 3 to {MOST_RANKED}; of two it is a comparison.")


def check_text(options: Options) -> None:
    only(options, "max_length")
    longest = options.get("max_length", 1)
    require(is_count(longest) and 1 <= longest <= 100_000, "/options/max_length", "A number from 1 to 100,000.")


OPTIONS: dict[str, Callable[[Options], None]] = {
    Kind.SCALE: check_scale,
    Kind.YES_NO: check_yes_no,
    Kind.CHOICE: check_choice,
    Kind.MULTI_CHOICE: check_multi_choice,
    Kind.PER_TURN: check_per_turn,
    Kind.TEXT: check_text,
    Kind.SPANS: check_spans,
    Kind.COMPARISON: check_comparison,
    Kind.RANKING: check_ranking,
    Kind.BEST_WORST: check_best_worst,
    Kind.CORRECTION: check_text,
}


def check_fails_when(kind: str, options: Options, fails_when: Options) -> None:
    """Empty, or the one form that fits the kind."""
    if not fails_when:
        return
    at = "/fails_when"
    require(kind not in NEVER_FAIL, at, "Texts and rankings cannot fail.")
    if kind == Kind.SCALE:
        below = fails_when.get("below")
        require(set(fails_when) == {"below"} and is_number(below), at, 'A scale fails as {"below": number}.')
        require(options["min"] < below <= options["max"], f"{at}/below", "A number within the scale.")
    elif kind == Kind.SPANS:
        require(fails_when == {"any": True}, at, 'Marks fail as {"any": true}.')
    else:
        values = fails_when.get("values")
        require(set(fails_when) == {"values"} and isinstance(values, list), at, 'Answers fail as {"values": […]}.')
        require(
            values and not [v for v in values if v not in outcomes(kind, options)],
            at,
            "Not an answer of this question.",
        )


def check_asked_when(row: dict[str, Any], earlier: list[dict[str, Any]]) -> None:
    """Empty, or one earlier question with the form of answer that fits its kind."""
    condition, at = row["asked_when"], "/asked_when"
    if not condition:
        return
    require(
        row["kind"] not in NEVER_WAITS,
        at,
        "Marks and turns are always offered, beside the text; they cannot wait.",
    )
    asked = next((other for other in earlier if other["key"] == condition.get("criterion")), None)
    require(asked is not None, f"{at}/criterion", "Name a question that stands before this one.")
    assert asked is not None
    kind, options = asked["kind"], asked["options"]
    no_one = "Rankings and answers about each turn are no condition: there is no one answer to ask about."
    require(kind not in NO_CONDITION, f"{at}/criterion", no_one)
    how = set(condition) - {"criterion"}
    if kind == Kind.SCALE:
        require(how in ({"below"}, {"at_least"}), at, 'A scale is asked about as {"below": n} or {"at_least": n}.')
        point = condition[how.pop()]
        require(is_number(point) and options["min"] < point <= options["max"], at, "A number within the scale.")
    elif kind in {Kind.SPANS, Kind.TEXT, Kind.CORRECTION}:
        require(how == {"any"} and condition["any"] is True, at, 'This question is asked about as {"any": true}.')
    else:
        values = condition.get("values")
        require(how == {"values"} and isinstance(values, list), at, 'Answers are named as {"values": […]}.')
        possible = outcomes(kind, options, preferred=True)
        require(values and not [v for v in values if v not in possible], at, "Choose answers of that question.")


def size_of(row: dict[str, Any]) -> int | None:
    """How many responses a question is about at once; None where it goes with any number."""
    if row["kind"] in {Kind.COMPARISON, Kind.PER_TURN}:
        return 2 if row["kind"] == Kind.COMPARISON else 1
    return int(row["options"]["responses"]) if row["kind"] in RANKED else None


def check_size(row: dict[str, Any], others: list[dict[str, Any]]) -> None:
    """All questions of a rubric are asked about the same responses."""
    size = size_of(row)
    sizes = {size, *map(size_of, others)} - {None}
    at = "/options/responses" if row["kind"] in RANKED else "/kind"
    counts = " and ".join(map(str, sorted(filter(None, sizes))))
    require(size is None or len(sizes) == 1, at, f"Questions about {counts} responses cannot stand in one rubric.")


def outcomes(kind: str, options: Options, *, preferred: bool = False) -> list[str]:
    """What can be answered; that a response is preferred is no failure, but may be a condition."""
    if kind in OF_CHOICES:
        return [choice["value"] for choice in options["choices"]]
    if kind == Kind.COMPARISON:
        return [*(["preferred"] if preferred else []), "tie", "both_bad"]
    return ["yes", "no", "unsure"]
