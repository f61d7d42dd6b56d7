"""Rules, versions and runs for operators: versions are frozen, runs belong to the workers."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.sampling.models import SamplingRule, SamplingRuleVersion, SamplingRun


@admin.register(SamplingRule)
class SamplingRuleAdmin(RowAdmin):
    list_display = ("name", "project", "key", "interval_minutes", "is_active")
    list_filter = ("is_active", "project")
    search_fields = ("name", "key")
    writable = ("name", "interval_minutes", "is_active")


@admin.register(SamplingRuleVersion)
class SamplingRuleVersionAdmin(RowAdmin):
    list_display = ("rule", "number", "queue", "method", "rate", "size", "seed", "created_at")
    list_filter = ("method", "project")
    search_fields = ("rule__name", "rule__key")


@admin.register(SamplingRun)
class SamplingRunAdmin(RowAdmin):
    list_display = ("rule_version", "tick", "state", "n_drawn", "n_added", "created_at", "finished_at")
    list_filter = ("state", "project")
    search_fields = ("rule_version__rule__name", "tick")
    follow = ("rule_version__rule",)
