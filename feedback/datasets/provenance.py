"""What a frozen row says about where it came from: plain values, readable when everything else has moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets import conversation
from feedback.datasets.pairs import Candidate
from feedback.datasets.snapshot import Judged
from feedback.judgements.models import Comparison, Review, Span
from feedback.responses.models import Response


def label(thing: Any) -> str:
    return str(thing) if thing else ""


def of_verdict(judged: Judged) -> dict[str, Any]:
    """How the judgement came about."""
    verdict = judged.verdict
    return {
        "verdict": verdict.pk,
        "method": verdict.method,
        "queue": verdict.origin,
        "rubric": label(verdict.rubric_version),
        "guideline": label(verdict.rubric_version.guideline),
        "sampling_rule": verdict.rule_label,
        "inclusion_probability": verdict.inclusion_probability,
        "reviewers": [review.reviewer.pseudonym for review in judged.reviews],
    }


def of_response(response: Response) -> dict[str, Any]:
    return {
        "external_id": response.external_id,
        "model": label(response.model),
        "prompt_version": label(response.prompt_version),
        "licence": response.licence,
        "consent": response.consent,
    }


def reasons(judged: Judged) -> list[dict[str, str]]:
    """What reviewers wrote, under a criterion or beside the review."""
    found = []
    for review in judged.reviews:
        texts = [(judged.criteria[row.criterion_id], row.text) for row in review.ratings.all() if row.text]
        texts += [("", review.note)] if review.note else []
        found += [{"reviewer": review.reviewer.pseudonym, "criterion": key, "text": text} for key, text in texts]
    return found


def of_pair(candidate: Candidate) -> dict[str, Any]:
    judged = candidate.judged
    chosen = of_response(candidate.chosen)
    if candidate.correction:
        chosen = {**chosen, "rewritten": True}
    return {
        **of_verdict(judged),
        "chosen": chosen,
        "rejected": of_response(candidate.rejected),
        "reasons": reasons(judged),
        **candidate.extra,
    }


def of_excluded(candidate: Candidate) -> dict[str, Any]:
    """Enough to find it again and to see how close it was; its texts are where its verdict points."""
    return {
        "source": candidate.source,
        "criterion": candidate.criterion,
        "verdict": candidate.judged.verdict.pk,
        "queue": candidate.judged.verdict.origin,
        "chosen": candidate.chosen.external_id,
        "rejected": candidate.rejected.external_id,
        "votes": [candidate.votes_for, candidate.votes_against, candidate.votes_tied],
        "strength": candidate.strength,
    }


def votes(judged: Judged) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, data) of every comparison that counted, as cast."""
    ids = {response.pk: response.external_id for response in judged.responses}
    shared: dict[str, Any] = {}
    for review in judged.reviews:
        for comparison in review.comparisons.all():
            shared = shared or {
                "prompt": [conversation.clean(message) for message in judged.responses[0].body.messages],
                "responses": [{**of_response(r), **conversation.answer(r)} for r in judged.responses],
            }
            key = judged.criteria[comparison.criterion_id]
            data = {
                "comparison_id": f"{judged.verdict.pk}:{key}",
                "criterion": key,
                **shared,
                **vote(review, comparison, ids),
                "settled": judged.verdict.answers.get(key, {}).get("outcome"),
                "method": judged.verdict.method,
            }
            yield f"{judged.verdict.pk}:{review.pk}:{key}", data


def vote(review: Review, comparison: Comparison, ids: dict[int, str]) -> dict[str, Any]:
    choice = ids.get(comparison.preferred_id) if comparison.preferred_id else comparison.outcome
    return {
        "annotator": review.reviewer.pseudonym,
        "choice": choice,
        "strength": comparison.strength,
        "reason": " ".join(filter(None, [*(r.text for r in review.ratings.all()), review.note])),
        "active_ms": review.active_ms,
        "shown_order": [ids.get(pk) for pk in review.shown_order],
        "at": review.submitted_at.isoformat(),
    }


def span(row: Span) -> dict[str, Any]:
    found: dict[str, Any] = {
        "start": row.start, "end": row.end, "quote": row.quote, "kind": row.kind,
        "severity": row.severity, "note": row.note,
        "in_passage": row.marked_passage.position if row.marked_passage else None,
        "evidence": None,
        "reviewer": row.review.reviewer.pseudonym,
    }  # fmt: skip
    if row.evidence:
        found["evidence"] = {
            "passage": row.evidence.position,
            "title": row.evidence.title,
            "quote": row.evidence_quote or row.evidence.text,
        }
    return found


def case(judged: Judged) -> dict[str, Any]:
    """One judged response as a prompt's author needs it: what went in, what came out, what people said of it."""
    response, verdict = judged.responses[0], judged.verdict
    version = response.prompt_version
    return {
        "outcome": "failed" if verdict.is_failure else "passed",
        "prompt": version.prompt.name if version else "",
        "prompt_version": version.label if version else "",
        "template": version.template if version else "",
        "variables": response.body.variables or {},
        "messages": [conversation.clean(message) for message in response.body.messages],
        "output": response.body.output,
        "answers": verdict.answers,
        "reasons": reasons(judged),
        "spans": [span(row) for review in judged.reviews for row in review.spans.all()],
        "corrections": [
            {"reviewer": review.reviewer.pseudonym, "text": row.text}
            for review in judged.reviews
            for row in review.corrections.all()
        ],
        "passages": [
            {"position": p.position, "title": p.title, "text": p.text, "url": p.url} for p in response.passages.all()
        ],
        "response": of_response(response),
        **of_verdict(judged),
    }
