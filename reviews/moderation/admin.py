"""What moderators did, for operators: to read, never to change."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.moderation.models import Action, BulkAction, QueueAct


@admin.register(Action)
class ActionAdmin(RowAdmin):
    list_display = ("at", "kind", "item", "by", "project", "bulk")
    list_filter = ("kind", "project")
    search_fields = ("=item__id",)


@admin.register(BulkAction)
class BulkActionAdmin(RowAdmin):
    list_display = ("pk", "kind", "by", "state", "done", "total", "project", "created_at")
    list_filter = ("kind", "state", "project")
    search_fields = ("=id", "=digest")


@admin.register(QueueAct)
class QueueActAdmin(RowAdmin):
    list_display = ("at", "kind", "queue", "before", "after", "by", "project")
    list_filter = ("kind", "project")
    search_fields = ("=queue__key",)
