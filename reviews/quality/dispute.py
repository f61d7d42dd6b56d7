"""What a moderator sees of an item: the subject with everybody's marks, the answers side by side, what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any

from django.utils.safestring import SafeString

from feedback.judgements.models import Review
from feedback.judgements.record import answers_of, criteria_of
from feedback.responses.models import Passage, Response
from feedback.rubrics.models import OF_CHOICES, RANKED, Criterion
from feedback.rubrics.wording import turn_name, turns_in_words
from feedback.text.diff import word_diff
from feedback.text.render import Mark, render_segments
from reviews.quality.names import letters_of
from reviews.quality.tally import tally
from reviews.queues.desk import conversation, differences, n_calls, named_calls, names_of, safe_url
from reviews.queues.models import Assignment, Item
from reviews.queues.ranking import in_words as ranked_words

Kind = Criterion.Kind
Answers = dict[str, dict[str, Any]]  # by letter
STRENGTHS = {1: "", 2: ", much", 3: ", by far"}
OUTCOMES = {"tie": "Equal", "both_bad": "Both unacceptable"}


def votes_on(assignment: Assignment) -> bool:
    return assignment.state == Assignment.State.SUBMITTED and not assignment.is_extra


def sheet(
    item: Item,
    shown: list[Response],
    reviews: list[Review],
    disputed: list[str],
    letters: dict[int, str] | None = None,
) -> dict[str, Any]:
    """The context of the page: what was asked, the responses with their passages, one row a criterion."""
    criteria = criteria_of(item.rubric_version)
    names, letters = names_of(shown), letters or letters_of(item)
    by_letter = sorted((letters[review.assignment.pk], review) for review in reviews)
    given: Answers = {letter: answers_of(review) for letter, review in by_letter}
    out = {letter for letter, review in by_letter if not votes_on(review.assignment)}
    counted = [answers for letter, answers in given.items() if letter not in out]
    settled = tally(criteria, counted, [response.pk for response in shown])
    rows = [
        {
            "criterion": criterion,
            "is_disputed": criterion.key in disputed,
            "votes": votes(criterion, settled[criterion.key], names),
            "pairs": pairs(settled[criterion.key], names),
            "turns": turns(criterion, settled[criterion.key], given),
            **side_by_side(criterion, given, names, shown, out),
        }
        for criterion in criteria
    ]
    marks = all_marks(criteria, given)
    return {
        **conversation(shown),
        "answers": answers_of_subject(shown, names, marks),
        "passages": [passage(row, marks) for row in passages_of(shown)],
        "reviewers": [f"Reviewer {letter}" for letter in given],
        "notes": [(f"Reviewer {letter}", review.note) for letter, review in by_letter if review.note],
        "rows": rows,
    }


def answers_of_subject(
    shown: list[Response], names: dict[int, str], marks: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The responses with everybody's marks; of a pair also the words that differ."""
    outputs = [response.body.output for response in shown]
    diffs = differences(*outputs) if len(shown) == 2 else [""] * len(shown)
    found = [answer(response, names[response.pk], marks) for response in shown]
    return [{**entry, "diff": diff} for entry, diff in zip(found, diffs, strict=True)]


def answer(response: Response, name: str, marks: list[dict[str, Any]]) -> dict[str, Any]:
    own = [mark for mark in marks if mark.get("response") == response.pk and not mark.get("passage")]
    text = response.body.output
    return {
        "label": name,
        "text": text,
        "marked": overlaid(text, [(mark["by"], mark["start"], mark["end"], mark["kind"]) for mark in own]),
        "tool_calls": named_calls(response.body.tool_calls, n_calls(response)),
        "place": len(response.body.messages) + 1,
    }


def passages_of(shown: list[Response]) -> list[Passage]:
    """The sources of all responses, equal texts once."""
    rows = Passage.objects.filter(response__in=shown).order_by("response", "position")
    return list({row.text_hash: row for row in reversed(rows)}.values())[::-1]


def passage(row: Passage, marks: list[dict[str, Any]]) -> dict[str, Any]:
    """A source with what was marked in it, and what was given as the proof of a mark."""
    found = [(mark["by"], mark["start"], mark["end"], mark["kind"]) for mark in marks if mark.get("passage") == row.pk]
    for mark in marks:
        proof = mark.get("evidence", {})
        if proof.get("passage") == row.pk and proof.get("start") is not None:
            found.append((mark["by"], proof["start"], proof["end"], "evidence"))
    return {"title": row.title, "text": row.text, "url": safe_url(row.url), "marked": overlaid(row.text, found)}


def all_marks(criteria: tuple[Criterion, ...], given: Answers) -> list[dict[str, Any]]:
    """Every stretch that anybody marked, with the letter of who did."""
    keys = [criterion.key for criterion in criteria if criterion.kind == Kind.SPANS]
    return [
        {**mark, "by": letter} for letter, answers in given.items() for key in keys for mark in answers.get(key) or []
    ]


def overlaid(text: str, found: list[tuple[str, int, int, str]]) -> SafeString | str:
    """The text with the marks of all reviewers; each piece names whose it is. Empty when nothing is marked."""
    return render_segments(text, [Mark(by, start, end, kind) for by, start, end, kind in found]) if found else ""


def side_by_side(
    criterion: Criterion, given: Answers, names: dict[int, str], shown: list[Response], out: Container[str] = ()
) -> dict[str, Any]:
    """One criterion's answers, each marked when it is not what most said. Those of `out` are shown and do not count."""
    said = {letter: answers.get(criterion.key) for letter, answers in given.items()}
    meant = {letter: meaning(criterion, value) for letter, value in said.items()}
    counts = Counter(value for by, value in meant.items() if value is not None and by not in out).most_common(2)
    leading = counts[0][0] if counts and (len(counts) == 1 or counts[0][1] > counts[1][1]) else None
    first = next((value for value in said.values() if value), None)
    cells = [
        {
            "name": f"Reviewer {letter}",
            "is_out": letter in out,
            "stands_out": len(counts) > 1
            and letter not in out
            and meant[letter] is not None
            and meant[letter] != leading,
            **cell(criterion, value, names),
            "diff": changes(criterion, value, first, shown),
        }
        for letter, value in said.items()
    ]
    return {"cells": cells, "differs": len(counts) > 1}


def meaning(criterion: Criterion, value: Any) -> Any:
    """What makes two answers the same answer; None for no answer. Texts are read, not compared."""
    if value is None or criterion.kind in {Kind.TEXT, Kind.CORRECTION}:
        return None
    if criterion.kind == Kind.SPANS:
        return tuple(sorted((mark["start"], mark["end"], mark["kind"]) for mark in value))
    if criterion.kind == Kind.MULTI_CHOICE:
        return tuple(sorted(value))
    if criterion.kind == Kind.PER_TURN:
        return tuple(value.items())
    if criterion.kind in RANKED:
        return tuple(map(tuple, value))
    if criterion.kind == Kind.COMPARISON:
        return value["outcome"], value.get("preferred")
    return value


def changes(criterion: Criterion, value: Any, first: Any, shown: list[Response]) -> SafeString | str:
    """A rewrite against the response it rewrites; a text against the first reviewer's. Empty when there is nothing."""
    if not value:
        return ""
    if criterion.kind == Kind.CORRECTION:
        before = next(response.body.output for response in shown if response.pk == value["response"])
        return changed(before, value["text"])
    return changed(first, value) if criterion.kind == Kind.TEXT and value != first else ""


def changed(before: str, after: str) -> SafeString:
    """Both texts in one: what went is marked "gone", what came "new"."""
    pieces: list[str] = []
    marks: list[Mark] = []
    at = 0
    for op, old, new in word_diff(before, after):
        for text, kind in [(old, "")] if op == "equal" else [(old, "gone"), (new, "new")]:
            if kind and text:
                marks.append(Mark(len(marks), at, at + len(text), kind))
            pieces.append(text)
            at += len(text)
    return render_segments("".join(pieces), marks)


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
    if criterion.kind == Kind.MULTI_CHOICE:
        return {"words": ", ".join(label(criterion, value) for value in given) or "None of them"}
    if criterion.kind == Kind.PER_TURN:
        return {"words": turns_in_words(criterion, given).capitalize()}
    if criterion.kind in RANKED:
        return {"words": ranked_words(criterion, given, names)}
    if criterion.kind == Kind.COMPARISON:
        return {"words": compared(given, names)}
    return {"words": label(criterion, str(given))}


def compared(given: dict[str, Any], names: dict[int, str]) -> str:
    if given["outcome"] != "preferred":
        return OUTCOMES[given["outcome"]]
    return names[given["preferred"]] + STRENGTHS[given["strength"]]


def label(criterion: Criterion, value: str) -> str:
    if criterion.kind in OF_CHOICES:
        return next((c["label"] for c in criterion.options["choices"] if c["value"] == value), value)
    return value.capitalize()


def votes(criterion: Criterion, answer: dict[str, Any], names: dict[int, str]) -> str:
    """The votes in words, the most first; empty where nothing is voted on."""
    counts = sorted(answer.get("votes", {}).items(), key=lambda entry: (-entry[1], entry[0]))
    words = {str(pk): name for pk, name in names.items()} | OUTCOMES
    if criterion.kind != Kind.COMPARISON:
        words = {value: label(criterion, value) for value, _ in counts}
    return ", ".join(f"{words[outcome]} {n}" for outcome, n in counts if n)


def pairs(answer: dict[str, Any], names: dict[int, str]) -> list[dict[str, Any]]:
    """How a ranking's votes on each two responses fell; none for other questions."""
    found = []
    for pair in answer.get("pairs", []):
        one, other = pair["responses"]
        before, after, beside = (pair["votes"][name] for name in (str(one), str(other), "tie"))
        if before < after:
            one, other, before, after = other, one, after, before
        found.append({"first": names[one], "second": names[other], "before": before, "after": after, "beside": beside})
    return found


def turns(criterion: Criterion, answer: dict[str, Any], given: Answers) -> list[dict[str, Any]]:
    """Of each turn or step: what every reviewer said, in their order, and whether most said the same; else none."""
    said = {letter: answers.get(criterion.key) or {} for letter, answers in given.items()}
    return [
        {
            "name": f"{turn_name(criterion.options).capitalize()} {number}",
            "is_open": turn["value"] is None,
            "cells": [
                {
                    "name": f"Reviewer {letter}",
                    "words": label(criterion, by[number]) if number in by else "No answer",
                    "is_odd": number in by and turn["value"] is not None and by[number] != turn["value"],
                }
                for letter, by in said.items()
            ],
        }
        for number, turn in answer.get("turns", {}).items()
    ]


def settled_words(criterion: Criterion, answer: dict[str, Any], names: dict[int, str]) -> str:
    """A settled answer in words."""
    if "outcome" in answer:
        if answer["outcome"] == "preferred":
            return names.get(answer["preferred"], "A response")
        return OUTCOMES.get(answer["outcome"] or "", "Not settled")
    if "mean" in answer:
        return "No answer" if answer["mean"] is None else f"{answer['mean']:.2f} on average"
    if "value" not in answer:
        return f"{answer.get('n', 0)} written"
    if answer["value"] is None:
        return "Not settled"
    if criterion.kind == Kind.SPANS:
        return "Something is marked" if answer["value"] == "yes" else "Nothing is to be marked"
    return str(cell(criterion, answer["value"], names)["words"])
