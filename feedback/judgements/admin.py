"""Reviews and verdicts for operators: what people said is looked at here and changed nowhere."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.judgements.models import Comparison, Correction, Rating, Review, Span, Verdict


@admin.register(Review)
class ReviewAdmin(RowAdmin):
    list_display = ("pk", "subject", "reviewer", "origin", "round", "revision", "submitted_at", "withdrawn_at")
    list_filter = ("origin", "project")
    search_fields = ("=id", "=submission_id", "=reviewer__pseudonym", "=subject__key")


class AnswerAdmin(RowAdmin):
    list_filter: ClassVar[Any] = ("criterion__kind", "project")
    search_fields = ("=review__id", "=criterion__key")
    follow = ("review__subject",)


@admin.register(Rating)
class RatingAdmin(AnswerAdmin):
    list_display = ("review", "criterion", "part", "number", "value")


@admin.register(Comparison)
class ComparisonAdmin(AnswerAdmin):
    list_display = ("review", "criterion", "outcome", "preferred", "strength")
    list_filter = ("outcome", "project")


@admin.register(Span)
class SpanAdmin(AnswerAdmin):
    list_display = ("review", "criterion", "kind", "severity", "response", "start", "end")
    list_filter = ("kind", "severity", "project")


@admin.register(Correction)
class CorrectionAdmin(AnswerAdmin):
    list_display = ("review", "criterion", "response")


@admin.register(Verdict)
class VerdictAdmin(RowAdmin):
    list_display = ("pk", "subject", "origin", "method", "is_failure", "n_reviews", "is_current", "created_at")
    list_filter = ("method", "is_failure", "is_current", "project")
    search_fields = ("=id", "=subject__key", "=origin")
