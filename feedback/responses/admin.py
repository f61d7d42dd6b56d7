"""Responses for operators: frozen as they came in. Prices are added, and corrected by adding another."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.responses.models import (
    ChangedDay,
    IngestBatch,
    LanguageModel,
    Passage,
    Price,
    Response,
    ResponseBody,
    ResponseUpload,
    SavedFilter,
    Subject,
    SubjectResponse,
    UserFeedback,
)


@admin.register(LanguageModel)
class LanguageModelAdmin(RowAdmin):
    list_display = ("name", "provider", "project")
    list_filter = ("provider", "project")
    search_fields = ("name", "provider")


@admin.register(Price)
class PriceAdmin(RowAdmin):
    list_display = ("model", "valid_from", "input", "cached_input", "output", "currency", "created_at", "project")
    list_filter = ("currency", "project")
    search_fields = ("model__name",)
    may_add = True


@admin.register(IngestBatch)
class IngestBatchAdmin(RowAdmin):
    list_display = (
        "created_at",
        "source",
        "name",
        "project",
        "accepted",
        "repeated",
        "filled",
        "refused",
        "finished_at",
    )
    list_filter = ("source", "project")
    search_fields = ("name",)


@admin.register(Response)
class ResponseAdmin(RowAdmin):
    list_display = ("external_id", "project", "model", "prompt_version", "responded_at", "is_queued", "verdict")
    list_filter = ("origin", "verdict", "is_queued", "project")
    search_fields = ("=external_id", "=trace_id", "=conversation_id")
    follow = ("prompt_version__prompt",)


@admin.register(ResponseBody)
class ResponseBodyAdmin(RowAdmin):
    list_display = ("response", "output_start")
    search_fields = ("=response__external_id",)

    @admin.display(description="output")
    def output_start(self, row: ResponseBody) -> str:
        return row.output[:80]


@admin.register(Passage)
class PassageAdmin(RowAdmin):
    list_display = ("response", "position", "title", "store", "score")
    list_filter = ("project",)
    search_fields = ("=response__external_id", "=external_id")


@admin.register(UserFeedback)
class UserFeedbackAdmin(RowAdmin):
    list_display = ("response", "kind", "score", "at", "project")
    list_filter = ("kind", "project")
    search_fields = ("=response__external_id",)


@admin.register(Subject)
class SubjectAdmin(RowAdmin):
    list_display = ("key", "size", "project", "created_at")
    list_filter = ("size", "project")
    search_fields = ("=key",)


@admin.register(SubjectResponse)
class SubjectResponseAdmin(RowAdmin):
    list_display = ("subject", "response", "position")
    search_fields = ("=subject__key", "=response__external_id")


@admin.register(SavedFilter)
class SavedFilterAdmin(RowAdmin):
    list_display = ("name", "owner", "is_shared", "project", "created_at")
    list_filter = ("is_shared", "project")
    search_fields = ("name",)


@admin.register(ResponseUpload)
class ResponseUploadAdmin(RowAdmin):
    list_display = ("name", "state", "by", "n_bytes", "done", "project", "created_at")
    list_filter = ("state", "project")
    search_fields = ("name",)


@admin.register(ChangedDay)
class ChangedDayAdmin(RowAdmin):
    list_display = ("day", "is_filled", "project")
    list_filter = ("project",)
