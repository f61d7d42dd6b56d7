"""How lists of reviews, their answers and verdicts are narrowed; pages, API and exports share them."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from feedback.judgements.models import Review, Span, Verdict
from feedback.responses.filters import YES_NO, InstantFilter
from feedback.rubrics.models import Criterion

LARGEST_ID = 2**63 - 1
ANY_TIME: dict[str, Any] = {"help_text": "ISO 8601."}


def number(column: str, help_text: str = "") -> filters.NumberFilter:
    return filters.NumberFilter(column, min_value=1, max_value=LARGEST_ID, help_text=help_text)


def truth(column: str, help_text: str, method: str = "by_truth") -> filters.ChoiceFilter:
    """True or false and nothing else: django-filter's own takes any other word for no filter at all."""
    return filters.ChoiceFilter(field_name=column, choices=YES_NO, method=method, help_text=help_text)


class JudgementFilter(filters.FilterSet):
    """What reviews and verdicts are both narrowed by."""

    queue = filters.CharFilter("origin", max_length=60, help_text="The queue's key.")
    rubric = filters.CharFilter("rubric_version__rubric__name", max_length=120)
    rubric_version = number("rubric_version_id")
    subject = number("subject_id")
    response = filters.CharFilter(
        "subject__parts__response", method="by_response", max_length=200, help_text="External id."
    )

    def by_truth(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**{name: value == "true"})

    def by_response(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The external id becomes an id first: the planner then knows how rare the rows are."""
        known = self.request.project.responses.filter(external_id=value).values_list("pk", flat=True)
        return rows.filter(**{f"{name}__in": list(known)})


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


VOTED = [kind for kind in Criterion.Kind.choices if kind[0] not in {"spans", "correction"}]


class AnswerFilter(filters.FilterSet):
    """What votes and spans are both narrowed by: their review."""

    review = number("review_id")
    criterion = filters.CharFilter(method="by_criterion", max_length=60, help_text="Its key in the rubric.")
    queue = filters.CharFilter("review__origin", max_length=60, help_text="The queue's key.")
    rubric = filters.CharFilter("review__rubric_version__rubric__name", max_length=120)
    rubric_version = number("review__rubric_version_id")
    subject = number("review__subject_id")
    reviewer = filters.CharFilter("review__reviewer__pseudonym", max_length=20, help_text="Pseudonym.")
    source = filters.CharFilter("review__reviewer__source", max_length=60, help_text="Where an import comes from.")
    submitted_after = InstantFilter("review__submitted_at", lookup_expr="gte", **ANY_TIME)
    submitted_before = InstantFilter("review__submitted_at", lookup_expr="lt", **ANY_TIME)
    standing = truth("review", "Of reviews that are neither withdrawn nor invalidated.", method="narrow_to_standing")

    by_response = JudgementFilter.by_response

    def by_criterion(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        known = self.request.project.criterions.filter(key=value).values_list("pk", flat=True)
        return rows.filter(criterion__in=list(known))

    def narrow_to_standing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        stands = Q(review__withdrawn_at__isnull=True, review__invalidated_at__isnull=True)
        return rows.filter(stands if value == "true" else ~stands)


class VoteFilter(AnswerFilter):
    """Over ratings, and over comparisons: it names only columns that both have."""

    response = filters.CharFilter(
        "review__subject__parts__response", method="by_response", max_length=200, help_text="External id."
    )
    kind = filters.ChoiceFilter(field_name="criterion__kind", choices=VOTED, help_text="Of the criterion.")


class SpanFilter(AnswerFilter):
    response = filters.CharFilter("response", method="by_response", max_length=200, help_text="External id.")
    kind = filters.CharFilter(max_length=60, help_text="Such as unsupported, as the rubric names it.")
    severity = filters.CharFilter(max_length=20)
    has_evidence = truth("evidence", "Whether a source text shows it.", method="by_presence")
    in_passage = truth("marked_passage", "Marked in a source text instead of the response.", method="by_presence")

    class Meta:
        model = Span
        fields: list[str] = []

    def by_presence(self, rows: QuerySet[Span], name: str, value: str) -> QuerySet[Span]:
        return rows.filter(**{f"{name}__isnull": value == "false"})
