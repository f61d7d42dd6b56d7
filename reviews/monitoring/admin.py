"""Workers for operators, who write their rows themselves, and what the sweep added up."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.monitoring.models import AddedDay, ResponseDay, VerdictFact, WorkerBeat


@admin.register(WorkerBeat)
class WorkerBeatAdmin(RowAdmin):
    list_display = ("name", "pid", "bells", "processes", "busy", "started_at", "seen_at")
    search_fields = ("name",)


@admin.register(AddedDay)
class AddedDayAdmin(RowAdmin):
    list_display = ("day", "project")
    list_filter = ("project",)


@admin.register(ResponseDay)
class ResponseDayAdmin(RowAdmin):
    list_display = ("day", "origin", "environment", "prompt_version", "model", "n", "spent", "project")
    list_filter = ("project",)
    follow = ("prompt_version__prompt", "model")


@admin.register(VerdictFact)
class VerdictFactAdmin(RowAdmin):
    list_display = ("verdict_id", "queue_key", "day", "says_failure", "drawn", "weight", "cost", "project")
    list_filter = ("project",)
    search_fields = ("=verdict__id",)
