"""Workers for operators: they write their rows themselves."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.monitoring.models import WorkerBeat


@admin.register(WorkerBeat)
class WorkerBeatAdmin(RowAdmin):
    list_display = ("name", "pid", "bells", "processes", "busy", "started_at", "seen_at")
    search_fields = ("name",)
