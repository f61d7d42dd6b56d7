"""Quick passes for operators: who answered how many items at once, and when. Nothing is written here."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.passes.models import PassedReview, QuickPass


@admin.register(QuickPass)
class QuickPassAdmin(RowAdmin):
    list_display = ("id", "queue", "member", "n_chosen", "project", "created_at", "undone_at")
    list_filter = ("project",)
    search_fields = ("queue__key", "queue__name")
    follow = ("member__user",)


@admin.register(PassedReview)
class PassedReviewAdmin(RowAdmin):
    list_display = ("id", "quick_pass", "review", "project")
    list_filter = ("project",)
    search_fields = ("=quick_pass__id",)
    follow = ("quick_pass__queue", "review__subject")
