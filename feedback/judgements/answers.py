"""Checking a reviewer's answers against a frozen rubric version, without touching the database.

The shape is one for form, draft, API and import: `{criterion key: value}`, described in this room's README. What comes
out is canonical: the same meaning has the same JSON, and so the same digest, however it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from feedback.judgements.marks import check_spans
from feedback.judgements.material import Material
from feedback.judgements.refusal import AnswersRefused, refused
from feedback.rubrics.conditions import is_asked
from feedback.rubrics.models import RANKED, Criterion
from feedback.rubrics.wording import condition_words, turn_name
from feedback.text.canonical import CanonicalError, canonicalise
from feedback.text.hashes import digest

Kind = Criterion.Kind
MAX_TEXT = 10_000  # code points of a text answer or a note, when the criterion says nothing
MAX_CORRECTION = 100_000
STEP_ERROR = 1e-6  # of a step: what floats lose over as many steps as a scale may have


@dataclass(frozen=True)
class CheckedAnswers:
    """Answers that passed, in canonical shape, with what they were checked against."""

    answers: dict[str, Any]
    criteria: Sequence[Criterion]
    material: Material
    digest: str

    def of_kind(self, *kinds: str) -> Iterator[tuple[Criterion, Any]]:
        for criterion in self.criteria:
            if criterion.kind in kinds and criterion.key in self.answers:
                yield criterion, self.answers[criterion.key]


def check_answers(material: Material, criteria: Sequence[Criterion], answers: Any, *, note: str = "") -> CheckedAnswers:
    """The answers in canonical shape, or `AnswersRefused` with everything that is wrong with them at once.

    An empty answer (null, "", blanks) is no answer. Every spans criterion of the rubric gets a list, empty when nothing
    was marked: looking and finding nothing is an answer. An answer to a question that is not asked, by its condition
    and the other answers, is refused.
    """
    answers = _plain(answers)
    known = {criterion.key for criterion in criteria}
    errors = [_error(f"/{_escaped(key)}", "This rubric has no such criterion.") for key in answers if key not in known]
    if len(note) > MAX_TEXT:
        errors.append(_error("/note", f"A note has at most {MAX_TEXT:,} characters."))
    checked: dict[str, Any] = {}
    open_ended: set[str] = set()  # whose answer is refused: whether others are asked cannot be told yet
    for criterion in criteria:
        given = answers.get(criterion.key)
        if criterion.asked_when.get("criterion") in open_ended:
            open_ended.add(criterion.key)
            continue
        if not is_asked(criterion, checked):
            if not _is_empty(criterion, given) and given != []:
                errors.append(_error(f"/{criterion.key}", f"Leave this out: {condition_words(criterion, criteria)}."))
            continue
        try:
            value = check_one(criterion, given, material)
        except AnswersRefused as refusal:
            errors += refusal.errors
            open_ended.add(criterion.key)
        else:
            if value is not None:
                checked[criterion.key] = value
    if errors:
        raise AnswersRefused(errors)
    return CheckedAnswers(checked, criteria, material, digest(checked))


def check_one(criterion: Criterion, given: Any, material: Material) -> Any:
    """The canonical answer, or None where there is none and none is needed."""
    at = f"/{criterion.key}"
    if criterion.kind == Kind.SPANS:
        if given is None and criterion.is_required:
            raise refused(at, "Send the marks, or an empty list when there is nothing to mark.")
    elif _is_empty(criterion, given):
        if criterion.is_required and has_something_to_judge(criterion, material):
            raise refused(at, gettext("This question needs an answer."))
        return None
    return CHECKS[criterion.kind](criterion.options, given, material, at)


def has_something_to_judge(criterion: Criterion, material: Material) -> bool:
    """False of a question about each step of a response that called no tool."""
    return criterion.kind != Kind.PER_TURN or bool(material.turns.get(criterion.options["of"]))


def _plain(answers: Any) -> dict[str, Any]:
    try:
        canonicalise(answers)
    except CanonicalError as error:
        raise refused(error.pointer, error.message) from error
    if not isinstance(answers, dict):
        raise refused("", "Answers are an object: criterion keys and their answers.")
    return answers


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}


def _escaped(key: str) -> str:
    return key[:100].replace("~", "~0").replace("/", "~1")


def _is_empty(criterion: Criterion, given: Any) -> bool:
    if isinstance(given, str):
        return not given.strip()
    if criterion.kind == Kind.MULTI_CHOICE and criterion.options.get("min_chosen", 1):
        return given in (None, [])  # where none may be chosen, choosing none is an answer
    if criterion.kind in RANKED and isinstance(given, list):
        return not any(given)
    if criterion.kind == Kind.PER_TURN and isinstance(given, dict):
        return not any(given.values())
    if criterion.kind == Kind.CORRECTION and isinstance(given, dict):
        text = given.get("text")
        return text is None or isinstance(text, str) and not text.strip()
    return given is None


# -- one check per kind: (options, given, material, pointer) -> canonical value ----------------------------------------


def check_scale(options: dict[str, Any], given: Any, material: Material, at: str) -> float | int:
    """A number between min and max, on a step of `options.step` (1 when absent) counted from min."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise refused(at, "Send a number.")
    low, high, step = options["min"], options["max"], options.get("step", 1)
    if not low <= given <= high:
        raise refused(at, f"The scale goes from {low:,} to {high:,}.")
    steps = (given - low) / step
    if abs(steps - round(steps)) > STEP_ERROR:
        raise refused(at, f"The scale goes in steps of {step}.")
    return int(given) if float(given).is_integer() else given


def check_yes_no(options: dict[str, Any], given: Any, material: Material, at: str) -> str:
    allowed = ["yes", "no", *(["unsure"] if options.get("unsure") else [])]
    return _one_of(allowed, given, at)


def check_choice(options: dict[str, Any], given: Any, material: Material, at: str) -> str:
    return _one_of([choice["value"] for choice in options["choices"]], given, at)


def check_multi_choice(options: dict[str, Any], given: Any, material: Material, at: str) -> list[str]:
    """Some of the values, in the order of the options however they were sent."""
    allowed = [choice["value"] for choice in options["choices"]]
    if not isinstance(given, list) or not all(isinstance(value, str) and value in allowed for value in given):
        raise refused(at, f"Choose from: {', '.join(allowed)}.")
    if len(set(given)) < len(given):
        raise refused(at, "Name each answer once.")
    fewest, most = options.get("min_chosen", 1), options.get("max_chosen", len(allowed))
    if len(given) < fewest:
        raise refused(at, gettext("Choose at least %(n)s.") % {"n": fewest})
    if len(given) > most:
        raise refused(at, gettext("Choose at most %(n)s.") % {"n": most})
    return [value for value in allowed if value in given]


def check_per_turn(options: dict[str, Any], given: Any, material: Material, at: str) -> dict[str, str]:
    """A choice by number of the turn or step, in their order; each needs one, unless the rubric asks for any."""
    if not isinstance(given, dict):
        raise refused(at, 'Send an object: the number of each turn and its answer, {"3": "good"}.')
    name, allowed = turn_name(options), [choice["value"] for choice in options["choices"]]
    known = [str(number) for number in material.turns.get(options["of"], ())]
    said = {turn: value for turn, value in given.items() if value not in (None, "")}
    errors = [_error(f"{at}/{_escaped(turn)}", f"There is no such {name}.") for turn in said if turn not in known]
    wrong = [turn for turn in known if turn in said and said[turn] not in allowed]
    errors += [_error(f"{at}/{turn}", f"Choose one of: {', '.join(allowed)}.") for turn in wrong]
    if options.get("required_turns", "all") == "all":
        missing = [turn for turn in known if turn not in said]
        errors += [_error(f"{at}/{turn}", f"{name.capitalize()} {turn} needs an answer.") for turn in missing]
    if errors:
        raise AnswersRefused(errors)
    return {turn: said[turn] for turn in known if turn in said}


def _one_of(allowed: list[str], given: Any, at: str) -> str:
    if not isinstance(given, str) or given not in allowed:
        raise refused(at, f"Choose one of: {', '.join(allowed)}.")
    return given


def check_text(options: dict[str, Any], given: Any, material: Material, at: str) -> str:
    longest = options.get("max_length", MAX_TEXT)
    if not isinstance(given, str):
        raise refused(at, "Send a text.")
    if len(given) > longest:
        raise refused(
            at,
            gettext("At most %(most)s characters; this has %(n)s.") % {"most": f"{longest:,}", "n": f"{len(given):,}"},
        )
    return given


def check_comparison(options: dict[str, Any], given: Any, material: Material, at: str) -> dict[str, Any]:
    """`preferred` with a response of the subject and a strength of 1 to `options.strengths`, `tie`, or `both_bad`."""
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if value is not None}
    outcomes = ["preferred", "tie", *(["both_bad"] if options.get("both_bad") else [])]
    if not isinstance(given, dict) or given.get("outcome") not in outcomes:
        raise refused(f"{at}/outcome", f"Choose one of: {', '.join(outcomes)}.")
    extra = set(given) - ({"outcome", "preferred", "strength"} if given["outcome"] == "preferred" else {"outcome"})
    if extra:
        raise refused(f"{at}/{_escaped(min(extra))}", "This does not belong to that outcome.")
    if len(material.outputs) < 2:
        raise refused(at, "There is only one response to compare.")
    if given["outcome"] != "preferred":
        return {"outcome": given["outcome"]}
    preferred = material.response(given.get("preferred"), f"{at}/preferred")
    strongest = options.get("strengths", 1)
    strength = given.get("strength", 1 if strongest == 1 else None)
    if isinstance(strength, bool) or not isinstance(strength, int) or not 1 <= strength <= strongest:
        raise refused(f"{at}/strength", f"Say how strongly, from 1 to {strongest}.")
    return {"outcome": "preferred", "preferred": preferred, "strength": strength}


def check_ranking(options: dict[str, Any], given: Any, material: Material, at: str) -> list[list[int]]:
    """Tiers of response ids, the best first: every response of the subject once. Empty tiers are dropped, and a tier
    stands in the order of ids, so that the same ranking is always the same JSON.
    """
    if not isinstance(given, list) or not all(isinstance(tier, list) for tier in given):
        raise refused(at, "Send lists of response ids, the best place first: [[3], [1, 2]].")
    placed: set[int] = set()
    tiers: list[list[int]] = []
    for place, tier in enumerate(given):
        ids = [material.response(one, f"{at}/{place}/{index}") for index, one in enumerate(tier)]
        if len(ids) > 1 and not options.get("ties"):
            raise refused(f"{at}/{place}", gettext("Each response has a place of its own here."))
        if len({*ids}) < len(ids) or placed & {*ids}:
            raise refused(f"{at}/{place}", "A response has one place.")
        placed |= {*ids}
        tiers += [sorted(ids)] if ids else []
    missing, count = len(material.outputs) - len(placed), len(material.outputs)
    if missing:
        raise refused(
            at,
            ngettext(
                "Give every response a place; %(n)s of %(all)s still needs one.",
                "Give every response a place; %(n)s of %(all)s still need one.",
                missing,
            )
            % {"n": missing, "all": count},
        )
    if count < 2:
        raise refused(at, "There is only one response to rank.")
    return tiers


def check_best_worst(options: dict[str, Any], given: Any, material: Material, at: str) -> list[list[int]]:
    """Three tiers: the best one, the others, the worst one. The two may also be named as {"best": id, "worst": id}."""
    if isinstance(given, dict) and not set(given) - {"best", "worst"}:
        named = [given.get("best"), given.get("worst")]
    elif isinstance(given, list) and len(given) == 3 and all(isinstance(tier, list) for tier in given):
        rest, named = given[1], [tier[0] if len(tier) == 1 else None for tier in (given[0], given[2])]
        others = {pk for pk in material.outputs if pk not in named}
        is_whole = all(isinstance(pk, int) for pk in rest) and len(rest) == len(others) and {*rest} == others
        if None in named or not is_whole:
            raise refused(at, "Send the best, the others, the worst: [[3], [1, 2], [4]], every response once.")
    else:
        raise refused(at, gettext("Name the best and the worst."))
    if None in named:
        raise refused(at, gettext("Name the best and the worst."))
    best, worst = (material.response(pk, at) for pk in named)
    if best == worst:
        raise refused(at, gettext("The best and the worst are two different responses."))
    if len(material.outputs) < 3:
        raise refused(at, "There are too few responses to choose from.")
    return [[best], sorted(pk for pk in material.outputs if pk not in (best, worst)), [worst]]


def check_correction(options: dict[str, Any], given: Any, material: Material, at: str) -> dict[str, Any]:
    """The rewritten text of one response. The same text as the output is refused, because it corrects nothing."""
    if isinstance(given, str):
        given = {"text": given}
    if not isinstance(given, dict) or not isinstance(given.get("text"), str) or set(given) - {"response", "text"}:
        raise refused(at, "Send the corrected text, with the response it corrects.")
    response, text = material.response(given.get("response"), f"{at}/response"), given["text"]
    longest = options.get("max_length", MAX_CORRECTION)
    if len(text) > longest:
        raise refused(
            f"{at}/text",
            gettext("At most %(most)s characters; this has %(n)s.") % {"most": f"{longest:,}", "n": f"{len(text):,}"},
        )
    if text.replace("\r\n", "\n") == material.outputs[response].text.replace("\r\n", "\n"):
        raise refused(f"{at}/text", gettext("The correction is the same as the answer. Change it, or leave it out."))
    return {"response": response, "text": text}


CHECKS: dict[str, Callable[[dict[str, Any], Any, Material, str], Any]] = {
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
    Kind.CORRECTION: check_correction,
}
