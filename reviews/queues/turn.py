"""One turn of a reviewer, as they left it: what they saw, what they answered and marked, what they rewrote."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext, gettext_lazy

from feedback.accounts.models import Member
from feedback.judgements.record import answers_of, criteria_of
from feedback.responses.models import Response
from feedback.rubrics.models import RANKED, Criterion
from feedback.rubrics.wording import number_words, turns_in_words
from feedback.text.render import Mark
from reviews.queues.desk import conversation, in_line, names_of, passages, shown_answers
from reviews.queues.forms import choices_of, how_strongly, point_text
from reviews.queues.history import said, skip_words
from reviews.queues.models import Assignment
from reviews.queues.ranking import in_words as ranked_words
from reviews.queues.submit import can_undo

Kind = Criterion.Kind
OUTCOMES = {"tie": gettext_lazy("Equal"), "both_bad": gettext_lazy("Both unacceptable")}


def turn_page(member: Member, turn: Assignment) -> dict[str, Any]:
    """The context of the page. A skipped item is shown with the reason alone."""
    shown = turn.item.subject.shown(turn.shown_order or None)
    shows_model = turn.visible.get("model", False)
    prefetch_related_objects(shown, "passages", *(["model"] if shows_model else []))
    criteria = criteria_of(turn.rubric_version)
    given = answers_of(turn.review) if turn.review else {}
    sources = passages(shown)
    flags = flags_of(criteria, given, {source["id"]: source["title"] for source in sources})
    state, tone = said(turn)
    project = member.project.slug
    return {
        "turn": turn,
        "state": state,
        "tone": tone,
        "reason": skip_words(turn) or gettext("no reason given"),
        "undo_url": turn.undo_path(project) if can_undo(turn) else "",
        "answers": [with_marks(answer, flags) for answer in shown_answers(shown, shows_model=shows_model)],
        "passages": [{**source, "marks": marks_in(source["id"], flags)} for source in sources],
        "said": [
            {"label": row.label, "words": in_words(row, given.get(row.key), shown)}
            for row in criteria
            if row.kind not in {Kind.SPANS, Kind.CORRECTION}
        ],
        "rewrites": [
            rewrite(row, given[row.key], shown)
            for row in criteria
            if row.kind == Kind.CORRECTION and row.key in given
        ],
        "escalations": list(member.escalations.filter(item=turn.item_id).order_by("-pk")[:10]),
        **conversation(shown),
    }  # fmt: skip


def in_words(criterion: Criterion, value: Any, shown: list[Response]) -> str:
    """An answer as the page put it; empty when the question was left open."""
    if value in (None, "", [], {}):
        return ""
    if criterion.kind == Kind.COMPARISON:
        return preference(value, shown)
    if criterion.kind in RANKED:
        return ranked_words(criterion, value, names_of(shown))
    if criterion.kind == Kind.PER_TURN:
        return turns_in_words(criterion, value)
    if criterion.kind == Kind.TEXT:
        return str(value)
    if criterion.kind == Kind.SCALE:
        anchor = criterion.options.get("anchors", {}).get(point_text(value), "")
        words = gettext("%(value)s of %(most)s") % {
            "value": number_words(value), "most": number_words(criterion.options["max"]),
        }  # fmt: skip
        return f"{words}: {anchor}" if anchor else words
    labels: dict[Any, str] = dict(choices_of(criterion))
    return ", ".join(labels.get(entry) or str(entry) for entry in (value if isinstance(value, list) else [value]))


def preference(value: dict[str, Any], shown: list[Response]) -> str:
    if value["outcome"] != "preferred":
        return str(OUTCOMES.get(value["outcome"], value["outcome"]))
    return how_strongly(names_of(shown)[value["preferred"]], value.get("strength") or 1)


def flags_of(criteria: tuple[Criterion, ...], given: dict[str, Any], titles: dict[int, str]) -> list[dict[str, Any]]:
    """Every stretch that was marked, numbered, with the words of its kind and severity and where its proof is."""
    found: list[dict[str, Any]] = []
    for criterion in (row for row in criteria if row.kind == Kind.SPANS):
        kinds, severities = (
            {entry["value"]: entry["label"] for entry in criterion.options.get(name, [])}
            for name in ("kinds", "severities")
        )
        for mark in given.get(criterion.key) or []:
            proof = mark.get("evidence", {})
            words = {
                "number": len(found) + 1,
                "kind_label": kinds.get(mark["kind"], mark["kind"]),
                "severity_label": severities.get(mark.get("severity", ""), ""),
                "proof_id": proof.get("passage"),
                "proof_title": titles.get(proof.get("passage"), "") or gettext("the source"),
                "proof_quote": proof.get("quote", ""),
            }
            found.append({**mark, **words})
    return found


def with_marks(answer: dict[str, Any], flags: list[dict[str, Any]]) -> dict[str, Any]:
    own = [flag for flag in flags if flag["response"] == answer["response"]]
    marks = [Mark(flag["number"], flag["start"], flag["end"], flag["kind"]) for flag in own if not flag.get("passage")]
    return {**answer, "flags": own, "marks": marks}


def marks_in(passage: int, flags: list[dict[str, Any]]) -> list[Mark]:
    """What was marked in a source, and what was given there as proof."""
    marks = [
        Mark(flag["number"], flag["start"], flag["end"], flag["kind"])
        for flag in flags
        if flag.get("passage") == passage
    ]
    for flag in flags:
        proof = flag.get("evidence", {})
        if proof.get("passage") == passage and proof.get("start") is not None:
            marks.append(Mark(flag["number"], proof["start"], proof["end"], "evidence"))
    return marks  # fmt: skip


def rewrite(criterion: Criterion, value: dict[str, Any], shown: list[Response]) -> dict[str, Any]:
    original = next((response for response in shown if response.pk == value["response"]), shown[0])
    return {"label": criterion.label, "changes": in_line(original.body.output, value["text"])}
