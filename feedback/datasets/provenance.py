"""What a frozen row says about where it came from: plain values, readable when everything else has moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedback.datasets import conversation, groups
from feedback.datasets.models import PreferencePair
from feedback.datasets.pairs import Candidate
from feedback.datasets.rule import Rule
from feedback.datasets.snapshot import Answered, Judged, Reviewed, Vote
from feedback.judgements.models import Span
from feedback.rubrics.models import RANKED
from feedback.text.personal import Scrub


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
        "reviewers": [reviewed.reviewer for reviewed in judged.reviews],
    }


def of_response(response: Answered) -> dict[str, Any]:
    return {
        "external_id": response.external_id,
        "model": response.model,
        "prompt_version": label(response.prompt_version),
        "licence": response.licence,
        "consent": response.consent,
    }


def reasons(judged: Judged) -> list[dict[str, str]]:
    """What reviewers wrote, under a criterion or beside the review."""
    return [
        {"reviewer": reviewed.reviewer, "criterion": key, "text": text}
        for reviewed in judged.reviews
        for key, text in written(reviewed, judged.criteria)
    ]


def written(reviewed: Reviewed, criteria: dict[int, str]) -> list[tuple[str, str]]:
    texts = [(criteria[criterion], text) for criterion, text in reviewed.reasons]
    return [*texts, ("", reviewed.note)] if reviewed.note else texts


def of_pair(candidate: Candidate) -> dict[str, Any]:
    judged = candidate.judged
    chosen = of_response(candidate.chosen)
    if candidate.correction:
        chosen = {**chosen, "rewritten": True}
    return {
        **of_verdict(judged),
        "chosen": chosen,
        "rejected": of_response(candidate.rejected),
        "reasons": candidate.scrub.value(reasons(judged)) if candidate.scrub else reasons(judged),
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


def of_pair_left_out(pair: PreferencePair) -> dict[str, Any]:
    """The same of what was a pair until the version was balanced."""
    told = pair.provenance
    return {
        "source": pair.source,
        "criterion": pair.criterion,
        "verdict": pair.verdict_id,
        "queue": told["queue"],
        "chosen": told["chosen"]["external_id"],
        "rejected": told["rejected"]["external_id"],
        "votes": [pair.votes_for, pair.votes_against, pair.votes_tied],
        "strength": pair.strength,
    }


def comparisons(judged: Judged) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, data) of every comparison and ranking criterion with its votes as cast, ties and all."""
    votes: dict[str, list[dict[str, Any]]] = {}
    ids = {response.pk: response.external_id for response in judged.responses}
    for reviewed in judged.reviews:
        for cast in reviewed.votes:
            key = judged.criteria[cast.criterion_id]
            votes.setdefault(key, []).append(vote(reviewed, cast, ids, judged.criteria))
    for key, given in sorted(votes.items()):
        answer = judged.verdict.answers.get(key, {})
        ranking = {"ranking": named(answer["value"], ids)} if answer.get("kind") in RANKED else {}
        yield (
            f"{judged.verdict.pk}:{key}",
            {
                "comparison_id": f"{judged.verdict.pk}:{key}",
                "group_id": groups.group_id(key for response in judged.responses for key in response.keys),
                "criterion": key,
                "prompt": [conversation.clean(message) for message in judged.responses[0].messages],
                "responses": [{**of_response(r), **conversation.answer(r)} for r in judged.responses],
                "votes": given,
                "outcome": "ranked" if ranking.get("ranking") else answer.get("outcome"),
                "preferred": ids.get(answer.get("preferred")),
                "share": answer.get("share"),
                **ranking,
                **of_verdict(judged),
            },
        )


def is_in_votes(data: dict[str, Any], rule: Rule) -> bool:
    """Whether the file of raw votes has this comparison, by what it was settled as."""
    if data["outcome"] == "both_bad":
        return rule.both_bad_in_votes
    return rule.ties_in_votes or data["outcome"] in {"preferred", "ranked"}


def named(tiers: list[list[int]] | None, ids: dict[int, str]) -> list[list[str]] | None:
    """A ranking by external ids."""
    return None if tiers is None else [[ids[pk] for pk in tier] for tier in tiers]


def vote(reviewed: Reviewed, cast: Vote, ids: dict[int, str], criteria: dict[int, str]) -> dict[str, Any]:
    return {
        "annotator": reviewed.reviewer,
        "choice": ids.get(cast.preferred_id) if cast.preferred_id else cast.outcome,
        "strength": cast.strength,
        "reason": " ".join(text for _, text in written(reviewed, criteria)),
        "active_ms": reviewed.active_ms,
        "shown_order": [ids.get(pk) for pk in reviewed.shown_order],
        "at": reviewed.submitted_at.isoformat(),
        **({"ranking": named(cast.ranking, ids)} if cast.ranking else {}),
    }


def span(row: Span, reviewer: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "start": row.start, "end": row.end, "quote": row.quote, "kind": row.kind,
        "severity": row.severity, "note": row.note,
        "in_passage": row.marked_passage.position if row.marked_passage else None,
        "evidence": None,
        "reviewer": reviewer,
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
        "variables": response.variables or {},
        "messages": [conversation.clean(message) for message in response.messages],
        "output": response.output,
        "tool_calls": response.tool_calls or [],
        "tools": response.tools or [],
        "is_text": all(conversation.is_text(message) for message in response.messages),
        "answers": verdict.answers,
        "reasons": reasons(judged),
        "spans": [span(row, reviewed.reviewer) for reviewed in judged.reviews for row in reviewed.spans],
        "corrections": [
            {"reviewer": reviewed.reviewer, "text": row.text}
            for reviewed in judged.reviews
            for row in reviewed.corrections
        ],
        "passages": [
            {"position": p.position, "title": p.title, "text": p.text, "url": p.url} for p in response.passages
        ],
        "response": of_response(response),
        **of_verdict(judged),
    }


WRITTEN = (
    "prompt", "messages", "template", "variables", "output", "tool_calls", "reasons", "corrections", "passages",
    "responses", "votes", "spans",
)  # fmt: skip


def scrubbed(data: dict[str, Any]) -> dict[str, Any]:
    """A frozen row without personal data in what people and models wrote; marks stand where their words are now."""
    scrub = Scrub()
    told = {name: scrub.value(data[name]) for name in WRITTEN if name in data and isinstance(data[name], list | dict)}
    if "output" in data:
        told["output"] = scrub.text(data["output"])
        told["spans"] = [moved(row, data, scrub) for row in data["spans"]]
        told["answers"] = {key: moved_stretches(answer, data, scrub) for key, answer in data["answers"].items()}
    return {**data, **told}


def moved_stretches(answer: dict[str, Any], data: dict[str, Any], scrub: Scrub) -> dict[str, Any]:
    """A settled answer whose stretches stand on the scrubbed response; those in passages, which it names by ids, go."""
    if "stretches" not in answer:
        return answer
    own = [one for one in answer["stretches"] if "passage" not in one]
    places = [scrub.stretch(data["output"], one["start"], one["end"]) for one in own]
    found = [{**one, "start": start, "end": end} for one, (start, end) in zip(own, places, strict=True)]
    return {**answer, "stretches": found}


def moved(row: dict[str, Any], data: dict[str, Any], scrub: Scrub) -> dict[str, Any]:
    """A mark on the scrubbed text of its response, or of the passage that it stands in."""
    texts = {passage["position"]: passage["text"] for passage in data["passages"]}
    text = data["output"] if row["in_passage"] is None else texts.get(row["in_passage"], row["quote"])
    start, end = scrub.stretch(text, row["start"], row["end"])
    return {**scrub.value(row), "start": start, "end": end, "quote": scrub.text(text)[start:end]}
