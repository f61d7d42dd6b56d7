"""Writing a review down: checked against the frozen rubric version, stored row by row, read back in the same shape."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member, Project
from feedback.inserts import insert_with_parts
from feedback.judgements.answers import CheckedAnswers, check_answers
from feedback.judgements.material import cited_passages, material_of, with_turns, without_words
from feedback.judgements.models import Comparison, Correction, Rating, Review, Span
from feedback.judgements.refusal import AnswersRefused, refused
from feedback.responses.models import Subject
from feedback.rubrics.models import RANKED, Criterion, RubricVersion
from feedback.text.canonical import CanonicalError, canonical_text
from feedback.text.spans import context

__all__ = ["AnswersRefused", "CheckedAnswers", "answer_rows", "answers_of", "check", "criteria_of", "record"]

Kind = Criterion.Kind


def criteria_of(version: RubricVersion) -> tuple[Criterion, ...]:
    """The criteria in order; read once per process, because the rows of a version never change."""
    return _criteria(version.pk, version.created_at)


@lru_cache(maxsize=512)
def _criteria(version_id: int, created_at: datetime) -> tuple[Criterion, ...]:
    """The time is part of the key, so that an id given again after a rollback is not taken for the old one."""
    return tuple(Criterion.objects.filter(rubric_version=version_id).order_by("position"))


def check(subject: Subject, rubric_version: RubricVersion, answers: Any, *, note: str = "") -> CheckedAnswers:
    """The answers in canonical shape, or `AnswersRefused`. One statement for marks and rewrites, one for turns."""
    try:
        canonical_text(note, "/note")
    except CanonicalError as error:
        raise refused(error.pointer, error.message) from error
    criteria = criteria_of(rubric_version)
    is_about_words = any(row.kind in {Kind.SPANS, Kind.CORRECTION} and given_to(row, answers) for row in criteria)
    material = material_of(subject, cited_passages(answers)) if is_about_words else without_words(subject)
    material = with_turns(material, criteria)
    return check_answers(material, criteria, answers, note=note)


def given_to(criterion: Criterion, answers: Any) -> Any:
    return answers.get(criterion.key) if isinstance(answers, dict) else None


def record(
    *,
    subject: Subject,
    rubric_version: RubricVersion,
    reviewer: Member,
    answers: dict[str, Any] | CheckedAnswers,
    origin: str,
    submission_id: UUID,
    shown_order: list[int],
    visible: dict[str, Any],
    active_ms: int | None,
    round: int = 1,
    revision: int = 1,
    note: str = "",
    submitted_at: datetime | None = None,
) -> Review:
    """Check the answers (unless `check` did) and insert the review with its rows, in one transaction, no savepoint.

    Without `submitted_at` the database is asked for its time. A second standing review of the same person, subject,
    rubric version, origin and round, and a second use of a submission id, raise IntegrityError.
    """
    checked = answers if isinstance(answers, CheckedAnswers) else check(subject, rubric_version, answers, note=note)
    review = Review(
        project_id=subject.project_id,
        subject=subject,
        rubric_version=rubric_version,
        reviewer=reviewer,
        origin=origin,
        round=round,
        revision=revision,
        submission_id=submission_id,
        digest=checked.digest,
        shown_order=shown_order,
        visible=visible,
        active_ms=active_ms,
        note=note,
        submitted_at=submitted_at or time_by_database(),
    )
    with transaction.atomic(savepoint=False):
        insert_with_parts(review, answer_rows(review, checked), "review")
    return review


def time_by_database() -> datetime:
    now: Any = Project.objects.annotate(now=Now(output_field=models.DateTimeField())).values_list("now", flat=True)
    return now[:1].get()


def insert_rows(rows: Iterable[models.Model]) -> None:
    """The rows of many reviews, one statement a table."""
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    for model, batch in by_model.items():
        model._default_manager.bulk_create(batch, batch_size=500)


def answer_rows(review: Review, checked: CheckedAnswers) -> list[models.Model]:
    """The unsaved rows of a review's answers."""
    rows: list[models.Model] = []
    for criterion, value in checked.of_kind(*Kind.values):
        shared: dict[str, Any] = {"project_id": review.project_id, "review": review, "criterion": criterion}
        if criterion.kind == Kind.SCALE:
            rows.append(Rating(**shared, number=value))
        elif criterion.kind in {Kind.YES_NO, Kind.CHOICE}:
            rows.append(Rating(**shared, value=value))
        elif criterion.kind == Kind.MULTI_CHOICE:
            rows.append(Rating(**shared, chosen=value))
        elif criterion.kind == Kind.PER_TURN:
            rows.append(Rating(**shared, chosen=[f"{turn}={said}" for turn, said in value.items()]))
        elif criterion.kind == Kind.TEXT:
            rows.append(Rating(**shared, text=value))
        elif criterion.kind == Kind.COMPARISON:
            preferred, strength = value.get("preferred"), value.get("strength")
            rows.append(Comparison(**shared, outcome=value["outcome"], preferred_id=preferred, strength=strength))
        elif criterion.kind in RANKED:
            rows.append(Comparison(**shared, outcome=Comparison.Outcome.RANKED, ranking=value))
        elif criterion.kind == Kind.CORRECTION:
            rows.append(Correction(**shared, response_id=value["response"], text=value["text"]))
        else:
            rows.extend(span_row(mark, checked, shared) for mark in value)
    return rows


def span_row(mark: dict[str, Any], checked: CheckedAnswers, shared: dict[str, Any]) -> Span:
    material, passage = checked.material, mark.get("passage")
    source = material.passages[passage] if passage else material.outputs[mark["response"]]
    before, after = context(source.text, mark["start"], mark["end"])
    evidence = mark.get("evidence", {})
    return Span(
        **shared,
        response_id=mark["response"],
        marked_passage_id=passage,
        start=mark["start"],
        end=mark["end"],
        quote=mark["quote"],
        prefix=before,
        suffix=after,
        text_hash=source.text_hash,
        kind=mark["kind"],
        severity=mark.get("severity", ""),
        note=mark.get("note", ""),
        evidence_id=evidence.get("passage"),
        evidence_start=evidence.get("start"),
        evidence_end=evidence.get("end"),
        evidence_quote=evidence.get("quote", ""),
    )


def answers_of(review: Review) -> dict[str, Any]:
    """The answers as checked, read back from the rows. Prefetch `ANSWER_ROWS` for many reviews."""
    answers: dict[str, Any] = {}
    criteria = criteria_of(review.rubric_version)
    kinds = {criterion.pk: (criterion.key, criterion.kind) for criterion in criteria}
    for rating in review.ratings.all():
        key, kind = kinds[rating.criterion_id]
        answers[key] = rated(rating, kind)
    for comparison in review.comparisons.all():
        answers[kinds[comparison.criterion_id][0]] = compared(comparison)
    for correction in review.corrections.all():
        key = kinds[correction.criterion_id][0]
        answers[key] = {"response": correction.response_id, "text": correction.text}
    answers |= {criterion.key: [] for criterion in criteria if criterion.kind == Kind.SPANS}
    for span in sorted(review.spans.all(), key=lambda span: span.pk):
        answers[kinds[span.criterion_id][0]].append(_marked(span))
    return answers


ANSWER_ROWS = ("rubric_version", "ratings", "comparisons", "corrections", "spans")


def rated(rating: Rating, kind: str) -> Any:
    if kind == Kind.TEXT:
        return rating.text
    if kind == Kind.MULTI_CHOICE:
        return rating.chosen
    if kind == Kind.PER_TURN:
        return dict(entry.split("=", 1) for entry in rating.chosen or [])
    if kind != Kind.SCALE:
        return rating.value
    assert rating.number is not None
    return int(rating.number) if rating.number.is_integer() else rating.number


def compared(comparison: Comparison) -> dict[str, Any] | list[list[int]]:
    if comparison.outcome == Comparison.Outcome.RANKED:
        return comparison.ranking
    if comparison.outcome != Comparison.Outcome.PREFERRED:
        return {"outcome": comparison.outcome}
    return {"outcome": "preferred", "preferred": comparison.preferred_id, "strength": comparison.strength}


def _marked(span: Span) -> dict[str, Any]:
    mark: dict[str, Any] = {"response": span.response_id}
    if span.marked_passage_id:
        mark["passage"] = span.marked_passage_id
    mark |= {"start": span.start, "end": span.end, "quote": span.quote, "kind": span.kind}
    mark |= {name: value for name in ("severity", "note") if (value := getattr(span, name))}
    if span.evidence_id:
        mark["evidence"] = {"passage": span.evidence_id}
        if span.evidence_start is not None:
            mark["evidence"] |= {"start": span.evidence_start, "end": span.evidence_end, "quote": span.evidence_quote}
    return mark
