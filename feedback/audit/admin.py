"""The audit log for operators: to read, never to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from feedback.audit.models import AuditEvent, AuditSeal

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]  # generic in the stubs only
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnly(ModelAdmin):
    """This room lies below accounts, whose base class writes to the audit log."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "verb", "object_type", "object_id", "actor", "api_key", "ip", "project")
    list_filter = ("at", "project")
    list_select_related = ("project",)
    search_fields = ("=verb", "=object_id", "=actor", "=request_id", "=api_key")
    ordering = ("-pk",)


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnly):
    list_display = ("seq", "event", "hash", "sealed_at")
    list_select_related = ("event",)
    search_fields = ("=seq", "=hash")
    ordering = ("-pk",)
