"""Datasets for operators: versions, pairs and exports are frozen or belong to the workers."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.datasets.models import (
    ContaminationCheck,
    ContaminationHit,
    Dataset,
    DatasetVersion,
    DownloadLink,
    Export,
    GroupSplit,
    PairNote,
    PreferencePair,
    PromptSketch,
    Shipment,
    SketchBucket,
    VersionRow,
)


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
    list_display = (
        "version",
        "shape",
        "split",
        "format",
        "packing",
        "state",
        "n_rows",
        "n_bytes",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "shape", "format", "project")
    search_fields = ("=sha256", "version__dataset__name")
    follow = ("version__dataset",)


@admin.register(PromptSketch)
class PromptSketchAdmin(RowAdmin):
    list_display = ("fold_hash", "anchors", "project")
    list_filter = ("project",)
    search_fields = ("=fold_hash",)


@admin.register(SketchBucket)
class SketchBucketAdmin(RowAdmin):
    list_display = ("bucket", "sketch", "project")
    list_filter = ("project",)
    search_fields = ("=bucket",)
    follow = ("sketch",)


@admin.register(PairNote)
class PairNoteAdmin(RowAdmin):
    list_display = ("version", "position", "key", "told_models")
    list_filter = ("project",)
    search_fields = ("=key",)
    follow = ("version__dataset",)


@admin.register(DownloadLink)
class DownloadLinkAdmin(RowAdmin):
    list_display = ("export", "made_by", "created_at", "expires_at", "used_at", "revoked_at")
    list_filter = ("project",)
    follow = ("export__version__dataset", "made_by__user")


@admin.register(Shipment)
class ShipmentAdmin(RowAdmin):
    list_display = ("export", "destination", "state", "done", "place", "created_at", "finished_at")
    list_filter = ("state", "destination", "project")
    follow = ("export__version__dataset",)


@admin.register(ContaminationCheck)
class ContaminationCheckAdmin(RowAdmin):
    list_display = ("name", "version", "state", "n_texts", "created_at", "finished_at")
    list_filter = ("state", "project")
    search_fields = ("name",)
    follow = ("version__dataset",)


@admin.register(ContaminationHit)
class ContaminationHitAdmin(RowAdmin):
    list_display = ("check_of", "row", "key", "part", "kind", "likeness", "line")
    list_filter = ("kind", "project")
    search_fields = ("=key",)
    follow = ("check_of__version__dataset",)
