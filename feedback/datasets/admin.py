"""Datasets for operators: versions, pairs and exports are frozen or belong to the workers."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.datasets.models import Dataset, DatasetVersion, Export, GroupSplit, PreferencePair, VersionRow


@admin.register(Dataset)
class DatasetAdmin(RowAdmin):
    list_display = ("name", "key", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("name", "key")
    writable = ("name",)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(RowAdmin):
    list_display = ("dataset", "number", "state", "done", "total", "created_at", "finished_at")
    list_filter = ("state", "project")
    search_fields = ("dataset__name", "dataset__key", "=rows_sha256")


@admin.register(GroupSplit)
class GroupSplitAdmin(RowAdmin):
    list_display = ("dataset", "kind", "group", "split", "first_version")
    list_filter = ("split", "kind", "project")
    search_fields = ("=group",)
    follow = ("first_version__dataset",)


@admin.register(PreferencePair)
class PreferencePairAdmin(RowAdmin):
    list_display = (
        "pair_id",
        "version",
        "position",
        "split",
        "source",
        "criterion",
        "n_votes",
        "vote_share",
        "strength",
    )
    list_filter = ("split", "source", "project")
    search_fields = ("=pair_id", "=group_id")
    follow = ("version__dataset",)


@admin.register(VersionRow)
class VersionRowAdmin(RowAdmin):
    list_display = ("version", "kind", "position", "key", "reason")
    list_filter = ("kind", "reason", "project")
    search_fields = ("=key",)
    follow = ("version__dataset",)


@admin.register(Export)
class ExportAdmin(RowAdmin):
    list_display = ("version", "shape", "split", "state", "n_rows", "n_bytes", "created_at", "finished_at")
    list_filter = ("state", "shape", "project")
    search_fields = ("=sha256", "version__dataset__name")
    follow = ("version__dataset",)
