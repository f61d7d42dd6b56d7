"""How lists of reviews and verdicts are narrowed; pages, API and exports share them."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from feedback.judgements.models import Review, Verdict

ANY_TIME: dict[str, Any] = {"help_text": "ISO 8601."}


class JudgementFilter(filters.FilterSet):
    """What reviews and verdicts are both narrowed by."""

    queue = filters.CharFilter("origin", max_length=60, help_text="The queue's key.")
    rubric = filters.CharFilter("rubric_version__rubric__name", max_length=120)
    rubric_version = filters.NumberFilter("rubric_version_id", min_value=1, max_value=2**63 - 1)
    subject = filters.NumberFilter("subject_id", min_value=1, max_value=2**63 - 1)
    response = filters.CharFilter("subject__parts__response__external_id", max_length=200, help_text="External id.")


class ReviewFilter(JudgementFilter):
    reviewer = filters.CharFilter("reviewer__pseudonym", max_length=20, help_text="Pseudonym.")
    source = filters.CharFilter("reviewer__source", max_length=60, help_text="Where an imported review comes from.")
    submitted_after = filters.IsoDateTimeFilter("submitted_at", lookup_expr="gte", **ANY_TIME)
    submitted_before = filters.IsoDateTimeFilter("submitted_at", lookup_expr="lt", **ANY_TIME)
    standing = filters.BooleanFilter(method="narrow_to_standing", help_text="Neither withdrawn nor invalidated.")

    class Meta:
        model = Review
        fields = ["round"]

    def narrow_to_standing(self, reviews: QuerySet[Review], name: str, value: bool) -> QuerySet[Review]:
        standing = Review.objects.standing().values("pk")
        return reviews.filter(pk__in=standing) if value else reviews.exclude(pk__in=standing)


class VerdictFilter(JudgementFilter):
    method = filters.ChoiceFilter(choices=Verdict.Method)
    is_failure = filters.BooleanFilter()
    is_current = filters.BooleanFilter(help_text="Superseded verdicts are listed too unless this is true.")
    created_after = filters.IsoDateTimeFilter("created_at", lookup_expr="gte", **ANY_TIME)
    created_before = filters.IsoDateTimeFilter("created_at", lookup_expr="lt", **ANY_TIME)

    class Meta:
        model = Verdict
        fields: list[str] = []
