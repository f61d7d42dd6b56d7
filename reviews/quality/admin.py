"""Disputes for operators; moderators settle them on their page."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.quality.models import Adjudication


@admin.register(Adjudication)
class AdjudicationAdmin(RowAdmin):
    list_display = ("item", "project", "disputed", "opened_at", "settled_at", "settled_by", "verdict")
    list_filter = ("settled_at", "project")
    search_fields = ("=item__id",)
    follow = ("verdict__subject",)
