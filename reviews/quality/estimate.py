"""How often each reviewer of a queue is right, and how common each answer is: from all reviews that vote.

A sweep; in the worker, because it needs numpy. It computes anew when a tenth more reviews have come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from feedback.judgements.models import Comparison, Rating, Review, Span
from feedback.judgements.record import criteria_of
from feedback.responses.models import SubjectResponse
from feedback.rubrics.models import Criterion
from reviews.quality.models import LabelModel
from reviews.quality.overlap import WEIGHED, classes_of
from reviews.queues.models import Assignment, Queue

NEWEST = 50_000  # reviews that are looked at
GROWTH, ENOUGH = 0.1, 20  # more labels than at the last time, and items with the labels of two
Row = tuple[int, int, str]  # subject, reviewer, answer

Kind = Criterion.Kind


def estimate_due() -> int:
    """Each question that has enough new reviews; how many were computed. Training is left out: it settles nothing."""
    done = 0
    for queue in Queue.objects.filter(is_training=False).select_related("rubric_version").order_by("pk"):
        newest = voting(queue).order_by("-pk").values_list("pk", flat=True).first() or 0
        known = {model.criterion: model for model in LabelModel.objects.filter(queue=queue)}
        for criterion in criteria_of(queue.rubric_version):
            if criterion.kind in WEIGHED and is_due(queue, known.get(criterion.key), newest):
                done += estimate(queue, criterion, newest)
    return done


def voting(queue: Queue) -> QuerySet[Review]:
    """The reviews that vote in the queue's items."""
    rows = Review.objects.standing().filter(project=queue.project_id, origin=queue.key)
    return rows.filter(rubric_version=queue.rubric_version_id, assignment__is_extra=False).filter(
        assignment__state=Assignment.State.SUBMITTED
    )


def is_due(queue: Queue, model: LabelModel | None, newest: int) -> bool:
    if model is None or newest <= model.upto:
        return model is None and newest > 0
    return voting(queue).filter(pk__gt=model.upto).count() >= max(1, GROWTH * model.n_labels)


def estimate(queue: Queue, criterion: Criterion, newest: int) -> bool:
    """Compute and keep; False while too few items have the answers of two people."""
    rows = list(labels(queue, criterion))
    subjects, reviewers = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    if len(rows) - len(subjects) < ENOUGH:
        return False
    classes = classes_of(criterion, queue.rubric_version.subject_size)
    shares, accuracy = fitted(rows, subjects, reviewers, classes)
    with transaction.atomic():
        LabelModel.objects.update_or_create(
            queue=queue,
            criterion=criterion.key,
            defaults={
                "project_id": queue.project_id, "shares": shares, "accuracy": accuracy, "n_items": len(subjects),
                "n_labels": len(rows), "upto": newest,
            },
        )  # fmt: skip
    return True


def fitted(
    rows: Sequence[Row], subjects: Sequence[int], reviewers: Sequence[int], classes: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Shares by answer, and accuracies by member id."""
    from feedback.statistics.aggregation import dawid_skene, votes_of

    item_of, rater_of, class_of = (
        {name: n for n, name in enumerate(names)} for names in (subjects, reviewers, classes)
    )
    numbered = [(item_of[s], rater_of[r], class_of[answer]) for s, r, answer in rows if answer in class_of]
    found = dawid_skene(votes_of(numbered, len(classes)), one_coin=True)
    accuracy = {str(pk): round(float(a), 4) for pk, a in zip(reviewers, found.accuracy(), strict=True)}
    return {name: round(float(share), 6) for name, share in zip(classes, found.shares, strict=True)}, accuracy


def labels(queue: Queue, criterion: Criterion, newest: int = NEWEST) -> Iterator[Row]:
    """Subject, reviewer and answer of so many newest reviews, as `classes_of` names answers, the oldest first."""
    oldest = voting(queue).order_by("-pk").values_list("pk", flat=True)[newest : newest + 1].first() or 0
    reviews = voting(queue).filter(pk__gt=oldest)
    if criterion.kind == Kind.SPANS:
        marked = Exists(Span.objects.filter(review=OuterRef("pk"), criterion=criterion))
        for subject, reviewer, is_marked in reviews.order_by("pk").values_list("subject_id", "reviewer_id", marked):
            yield subject, reviewer, "yes" if is_marked else "no"
        return
    if criterion.kind != Kind.COMPARISON:
        rated = Rating.objects.filter(review__in=reviews, criterion=criterion).order_by("review_id")
        yield from rated.values_list("review__subject_id", "review__reviewer_id", "value")
        return
    place = SubjectResponse.objects.filter(subject=OuterRef("review__subject"), response=OuterRef("preferred"))
    compared = (
        Comparison.objects.filter(review__in=reviews, criterion=criterion)
        .annotate(
            place=place.values("position")[:1], subject=F("review__subject_id"), reviewer=F("review__reviewer_id")
        )
        .order_by("review_id")
    )
    for subject, reviewer, outcome, position in compared.values_list("subject", "reviewer", "outcome", "place"):
        yield subject, reviewer, outcome if position is None else str(position + 1)
