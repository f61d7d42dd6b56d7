"""The verdicts on a response, in words: a page of its own, and a region of the response's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.judgements.models import Verdict
from feedback.rubrics.models import RANKED, Criterion
from feedback.rubrics.wording import number_words, turns_in_words

MOST = 30
METHODS = {
    Verdict.Method.CONSENSUS: "by the reviewers",
    Verdict.Method.ADJUDICATED: "by a moderator",
    Verdict.Method.GOLD: "known answer",
    Verdict.Method.IMPORTED: "by imported labels",
}
WORDS = {"yes": "Yes", "no": "No", "unsure": "Unsure", "tie": "Equal", "both_bad": "Both unacceptable"}


@require_safe
def response_verdicts(request: MemberRequest, pk: int) -> HttpResponse:
    response = get_object_or_404(request.project.responses.select_related(None), pk=pk)
    found = request.project.verdicts.filter(subject__parts__response=pk).select_related(
        "subject", "rubric_version__rubric"
    )
    verdicts = list(found.prefetch_related("rubric_version__criteria").order_by("-is_current", "-pk")[: MOST + 1])
    context = {
        "response": response,
        "verdicts": [
            (verdict, METHODS[Verdict.Method(verdict.method)], lines(verdict, pk)) for verdict in verdicts[:MOST]
        ],
        "is_more": len(verdicts) > MOST,
    }
    return page(request, "feedback/judgements/response_verdicts.html", context, partial="verdicts")


def lines(verdict: Verdict, response_id: int) -> list[dict[str, str]]:
    """Each criterion as a person reads it: what was asked, what was settled, who voted how."""
    asked = {criterion.key: criterion for criterion in verdict.rubric_version.criteria.all()}
    return [
        {
            "label": asked[key].label if key in asked else key,
            "settled": settled(answer, asked.get(key), response_id),
            "votes": votes(answer),
            "tone": "warn" if answer.get("adjudicated") else "",
        }
        for key, answer in verdict.answers.items()
        if answer.get("n")
    ]


def settled(answer: dict[str, Any], criterion: Criterion | None, response_id: int) -> str:
    kind, value = answer.get("kind"), answer.get("value")
    options = criterion.options if criterion else {}
    if kind == Criterion.Kind.SCALE:
        if answer.get("mean") is None:
            return "Not settled"
        mean = number_words(answer["mean"], 2) if options.get("typed") else f"{answer['mean']:.2g}"
        return mean + (f" of {number_words(options['max'])}" if "max" in options else "")
    if kind == Criterion.Kind.COMPARISON:
        return preferred(answer, response_id)
    if kind == Criterion.Kind.RANKING:
        return placed(value, response_id)
    if kind == Criterion.Kind.BEST_WORST:
        return placed_at_an_end(value, response_id)
    if kind == Criterion.Kind.SPANS:
        return marked(answer, {choice["value"]: choice["label"] for choice in options.get("kinds", ())})
    if kind in {Criterion.Kind.TEXT, Criterion.Kind.CORRECTION}:
        return "Written" if kind == Criterion.Kind.TEXT else "Rewritten"
    if kind == Criterion.Kind.PER_TURN and criterion:
        return "Not settled" if value is None else turns_in_words(criterion, value).capitalize()
    labels = {choice["value"]: choice["label"] for choice in options.get("choices", ())}
    if isinstance(value, list):
        return ", ".join(str(labels.get(one, one)) for one in value) or "None of them"
    return "Not settled" if value is None else labels.get(value, WORDS.get(value, str(value)))


def placed(tiers: list[list[int]] | None, response_id: int) -> str:
    """Where this response stands in a settled ranking."""
    if tiers is None:
        return "Not settled"
    place = next(place for place, tier in enumerate(tiers, 1) if response_id in tier)
    return f"Place {place} of {len(tiers)}" + (", shared" if len(tiers[place - 1]) > 1 else "")


def placed_at_an_end(tiers: list[list[int]] | None, response_id: int) -> str:
    if tiers is None:
        return "Not settled"
    return {tiers[0][0]: "The best", tiers[-1][0]: "The worst"}.get(response_id, "Neither the best nor the worst")


def preferred(answer: dict[str, Any], response_id: int) -> str:
    outcome = answer.get("outcome")
    if outcome == "preferred":
        return "This response is better" if answer.get("preferred") == response_id else "Another response is better"
    return WORDS.get(str(outcome), "Not settled")


def marked(answer: dict[str, Any], labels: dict[str, str]) -> str:
    if answer.get("value") == "yes":
        kinds = ", ".join(labels.get(kind, kind) for kind in answer.get("kinds", ()))
        return f"Marked: {kinds}" if kinds else "Marked"
    return "Nothing marked" if answer.get("value") == "no" else "Not settled"


def votes(answer: dict[str, Any]) -> str:
    """The vote share as people say it: 2 of 3."""
    n, share = answer["n"], answer.get("share")
    decided = ", decided by a moderator" if answer.get("adjudicated") else ""
    if share is not None and answer.get("kind") in RANKED:
        return f"{n} ranked it; {share:.0%} of what they said of two agrees{decided}"
    if share is None:
        return f"{n} answer{'s' if n != 1 else ''}{decided}"
    return f"{round(share * n)} of {n}{decided}"
