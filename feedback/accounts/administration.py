"""Django admin for operators: what the rooms' admin.py files build on.

Rows are looked at far more often than changed here. What others build on is frozen or has a page and a verb of its own,
so the default is read-only, and nothing is deleted: rows that people made are evidence. What an operator does change
is audited in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from feedback.accounts.models import Member
from feedback.audit.log import record

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]  # generic in the stubs only
else:
    ModelAdmin = admin.ModelAdmin


class RowAdmin(ModelAdmin):
    """A list with filters and links, and a page that shows every field. Only fields named in `writable` change."""

    writable: ClassVar[Sequence[str]] = ()
    may_add: ClassVar[bool] = False
    follow: ClassVar[Sequence[str]] = ()  # relations that the columns' names need beyond those of `list_display`
    show_full_result_count = False  # a second count of a large table helps nobody
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    ordering: ClassVar[Any] = ("-pk",)

    def __init__(self, model: type[models.Model], site: admin.AdminSite) -> None:
        super().__init__(model, site)
        relations = [field.name for field in model._meta.concrete_fields if field.is_relation]
        self.raw_id_fields = relations  # type: ignore[misc]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        """Every relation that a column shows, so that a page of rows is one query; a member's name is their user's."""
        columns = set(self.get_list_display(request))
        relations = [field for field in self.opts.concrete_fields if field.is_relation and field.name in columns]
        names = [f"{f.name}__user" if f.related_model is Member else f.name for f in relations]
        return [*names, *self.follow]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Secrets (digests, salts, tokens) are the fields that no form may hold: never shown, not even to operators."""
        fields = [field for field in self.opts.concrete_fields if not isinstance(field, models.AutoField)]
        if obj is None:
            return [field.name for field in fields if field.editable]
        return [field.name for field in fields if field.editable or isinstance(field, models.DateField)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        return [name for name in self.get_fields(request, obj) if name not in self.writable]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.writable) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record(
            "admin-changed" if change else "admin-added",
            obj,
            request=request,
            fields=",".join(sorted(form.changed_data)),
        )
