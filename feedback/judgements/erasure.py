"""What reviewers wrote about a person's responses goes; what they chose, counted and rated stays, without words."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from feedback.erasing import Part, Scope, emptied
from feedback.judgements.models import Correction, Rating, Review, Span, Verdict


def reviews(scope: Scope) -> QuerySet[Any]:
    """All of them: with its texts gone, the digest of what was submitted says nothing."""
    return Review.objects.filter(subject__parts__response__in=scope.responses, erased_at=None).distinct()


def ratings(scope: Scope) -> QuerySet[Any]:
    theirs = Rating.objects.filter(review__subject__parts__response__in=scope.responses, erased_at=None)
    return theirs.exclude(text="").distinct()


def spans(scope: Scope) -> QuerySet[Any]:
    return Span.objects.filter(review__subject__parts__response__in=scope.responses, erased_at=None).distinct()


def corrections(scope: Scope) -> QuerySet[Any]:
    return Correction.objects.filter(review__subject__parts__response__in=scope.responses, erased_at=None).distinct()


def verdicts(scope: Scope) -> QuerySet[Any]:
    """A moderator may have said why, of the whole or of one question."""
    theirs = Verdict.objects.filter(subject__parts__response__in=scope.responses, erased_at=None)
    return theirs.filter(~Q(reason="") | Q(method=Verdict.Method.ADJUDICATED)).distinct()


def without_words(rows: QuerySet[Any]) -> None:
    for verdict in rows.filter(erased_at=None):
        answers = {
            key: {name: value for name, value in answer.items() if name != "reason"}
            for key, answer in verdict.answers.items()
        }
        Verdict.objects.filter(pk=verdict.pk).update(erased_at=Now(), reason="", answers=answers)


PARTS = [
    Part("marked stretches of text", spans, emptied),
    Part("corrected answers", corrections, emptied),
    Part("written answers", ratings, emptied),
    Part("reviews, their notes", reviews, emptied),
    Part("reasons of verdicts", verdicts, without_words, chunk=100),
]
