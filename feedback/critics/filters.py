"""How assessments are narrowed."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from feedback.critics.models import Assessment
from feedback.responses.filters import InstantFilter

ANY_TIME: dict[str, Any] = {"help_text": "ISO 8601."}


class AssessmentFilter(filters.FilterSet):
    critic = filters.CharFilter("version__critic__slug", max_length=60, help_text="Its slug.")
    version = filters.CharFilter("version__label", max_length=100, help_text="The version's label.")
    response = filters.CharFilter("response", method="by_response", max_length=200, help_text="External id.")
    label = filters.CharFilter(max_length=60)
    min_score = filters.NumberFilter("score", lookup_expr="gte", min_value=0, max_value=1)
    max_score = filters.NumberFilter("score", lookup_expr="lte", min_value=0, max_value=1)
    created_after = InstantFilter("created_at", lookup_expr="gte", **ANY_TIME)
    created_before = InstantFilter("created_at", lookup_expr="lt", **ANY_TIME)

    class Meta:
        model = Assessment
        fields: list[str] = []

    def by_response(self, rows: QuerySet[Assessment], name: str, value: str) -> QuerySet[Assessment]:
        """The external id becomes an id first: the planner then knows how rare the rows are."""
        known = self.request.project.responses.filter(external_id=value).values_list("pk", flat=True)
        return rows.filter(response__in=list(known))
