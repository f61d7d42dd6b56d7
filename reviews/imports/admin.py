"""Imported reviews for operators: which review came from where."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.imports.models import ImportedReview, LabelUpload


@admin.register(ImportedReview)
class ImportedReviewAdmin(RowAdmin):
    list_display = ("source", "external_id", "review", "imported_by", "project", "created_at")
    list_filter = ("source", "project")
    search_fields = ("=external_id",)
    follow = ("review__subject",)


@admin.register(LabelUpload)
class LabelUploadAdmin(RowAdmin):
    list_display = ("name", "state", "by", "n_bytes", "done", "project", "created_at")
    list_filter = ("state", "project")
    search_fields = ("name",)
