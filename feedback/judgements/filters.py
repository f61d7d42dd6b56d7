"""How lists of reviews and verdicts are narrowed; pages, API and exports share them."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from feedback.judgements.models import Review, Verdict
from feedback.responses.filters import YES_NO, InstantFilter

ANY_TIME: dict[str, Any] = {"help_text": "ISO 8601."}


def truth(column: str, help_text: str, method: str = "by_truth") -> filters.ChoiceFilter:
    """True or false and nothing else: django-filter's own takes any other word for no filter at all."""
    return filters.ChoiceFilter(field_name=column, choices=YES_NO, method=method, help_text=help_text)


class JudgementFilter(filters.FilterSet):
    """What reviews and verdicts are both narrowed by."""

    queue = filters.CharFilter("origin", max_length=60, help_text="The queue's key.")
    rubric = filters.CharFilter("rubric_version__rubric__name", max_length=120)
    rubric_version = filters.NumberFilter("rubric_version_id", min_value=1, max_value=2**63 - 1)
    subject = filters.NumberFilter("subject_id", min_value=1, max_value=2**63 - 1)
    response = filters.CharFilter("subject__parts__response__external_id", max_length=200, help_text="External id.")

    def by_truth(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**{name: value == "true"})


class ReviewFilter(JudgementFilter):
    reviewer = filters.CharFilter("reviewer__pseudonym", max_length=20, help_text="Pseudonym.")
    source = filters.CharFilter("reviewer__source", max_length=60, help_text="Where an imported review comes from.")
    submitted_after = InstantFilter("submitted_at", lookup_expr="gte", **ANY_TIME)
    submitted_before = InstantFilter("submitted_at", lookup_expr="lt", **ANY_TIME)
    standing = truth("standing", "Neither withdrawn nor invalidated.", method="narrow_to_standing")

    class Meta:
        model = Review
        fields = ["round"]

    def narrow_to_standing(self, reviews: QuerySet[Review], name: str, value: str) -> QuerySet[Review]:
        standing = Review.objects.standing().values("pk")
        return reviews.filter(pk__in=standing) if value == "true" else reviews.exclude(pk__in=standing)


class VerdictFilter(JudgementFilter):
    method = filters.ChoiceFilter(choices=Verdict.Method)
    is_failure = truth("is_failure", "Failed by the rubric's criteria.")
    is_current = truth("is_current", "Superseded verdicts are listed too unless this is true.")
    created_after = InstantFilter("created_at", lookup_expr="gte", **ANY_TIME)
    created_before = InstantFilter("created_at", lookup_expr="lt", **ANY_TIME)

    class Meta:
        model = Verdict
        fields: list[str] = []
