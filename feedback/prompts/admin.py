"""Prompts and versions for operators; a version is frozen."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.prompts.models import Prompt, PromptVersion


@admin.register(Prompt)
class PromptAdmin(RowAdmin):
    list_display = ("name", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("name",)
    writable = ("name",)


@admin.register(PromptVersion)
class PromptVersionAdmin(RowAdmin):
    list_display = ("prompt", "label", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("prompt__name", "label")
