"""What must always hold of imported labels (DESIGN §9)."""

from __future__ import annotations

from django.db.models import F, QuerySet

from feedback.checks import Invariant
from reviews.imports.models import ImportedReview


def unsourced_labels() -> QuerySet[ImportedReview]:
    return ImportedReview.objects.exclude(review__reviewer__source=F("source"), review__reviewer__user=None)


def uncounted_labels() -> QuerySet[ImportedReview]:
    return ImportedReview.objects.filter(review__assignment__isnull=True)


INVARIANTS = [
    Invariant("I13", "an imported review is by a person of its source", unsourced_labels),
    Invariant("I1", "every imported review has its turn at an item", uncounted_labels),
]
