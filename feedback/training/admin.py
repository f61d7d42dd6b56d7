"""Fine-tunes for operators: they belong to the workers, and keys are never shown."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.training.models import FineTuneJob, Trainer, TrainingLine, TrainingLink, TrainingMetric


@admin.register(Trainer)
class TrainerAdmin(RowAdmin):
    list_display = ("name", "project", "kind", "base_url", "is_enabled", "created_at")
    list_filter = ("kind", "is_enabled", "project")
    search_fields = ("name", "key")
    writable = ("is_enabled",)


@admin.register(FineTuneJob)
class FineTuneJobAdmin(RowAdmin):
    list_display = ("version", "trainer", "method", "base_model", "state", "phase", "created_at", "finished_at")
    list_filter = ("state", "method", "project")
    search_fields = ("=key", "=remote_id", "base_model", "result_name")
    follow = ("version__dataset",)


@admin.register(TrainingMetric)
class TrainingMetricAdmin(RowAdmin):
    list_display = ("job", "step", "name", "value")
    list_filter = ("project",)
    search_fields = ("=name",)
    follow = ("job__version__dataset",)


@admin.register(TrainingLine)
class TrainingLineAdmin(RowAdmin):
    list_display = ("job", "at", "level", "text")
    list_filter = ("level", "project")
    search_fields = ("=key",)
    follow = ("job__version__dataset",)


@admin.register(TrainingLink)
class TrainingLinkAdmin(RowAdmin):
    list_display = ("job", "split", "created_at", "expires_at", "used_at")
    list_filter = ("split", "project")
    search_fields = ("=job__key",)
    follow = ("job__version__dataset",)
