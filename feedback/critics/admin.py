"""Critics and what they said, for operators to look at."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.critics.models import Assessment, Critic, CriticVersion


@admin.register(Critic)
class CriticAdmin(RowAdmin):
    list_display = ("pk", "slug", "name", "created_at")
    list_filter = ("project",)
    search_fields = ("=slug",)


@admin.register(CriticVersion)
class CriticVersionAdmin(RowAdmin):
    list_display = ("pk", "critic", "label", "model", "created_at")
    list_filter = ("project",)
    search_fields = ("=critic__slug", "=label")


@admin.register(Assessment)
class AssessmentAdmin(RowAdmin):
    list_display = ("pk", "version", "response", "score", "label", "created_at")
    list_filter = ("project",)
    search_fields = ("=id", "=response__external_id", "=label")
    follow = ("version__critic",)
