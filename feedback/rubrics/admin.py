"""Rubrics and guidelines for operators: names may be corrected, versions and criteria are frozen."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.rubrics.models import Criterion, Guideline, GuidelineVersion, Reading, Rubric, RubricDraft, RubricVersion


@admin.register(Guideline)
class GuidelineAdmin(RowAdmin):
    list_display = ("name", "project")
    list_filter = ("project",)
    search_fields = ("name",)
    writable = ("name",)


@admin.register(GuidelineVersion)
class GuidelineVersionAdmin(RowAdmin):
    list_display = ("guideline", "number", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("guideline__name",)


@admin.register(Rubric)
class RubricAdmin(RowAdmin):
    list_display = ("name", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("name",)
    writable = ("name",)


@admin.register(RubricVersion)
class RubricVersionAdmin(RowAdmin):
    list_display = ("rubric", "number", "subject_size", "guideline", "project", "frozen_at")
    list_filter = ("subject_size", "project")
    search_fields = ("rubric__name",)
    follow = ("guideline__guideline",)


@admin.register(Criterion)
class CriterionAdmin(RowAdmin):
    list_display = ("label", "key", "kind", "rubric_version", "position", "is_required")
    list_filter = ("kind", "project")
    search_fields = ("label", "key", "rubric_version__rubric__name")
    follow = ("rubric_version__rubric",)


@admin.register(RubricDraft)
class RubricDraftAdmin(RowAdmin):
    list_display = ("rubric", "author", "project", "updated_at")
    list_filter = ("project",)
    search_fields = ("rubric__name",)
    follow = ("author__user",)


@admin.register(Reading)
class ReadingAdmin(RowAdmin):
    list_display = ("member", "rubric_version", "project", "read_at")
    list_filter = ("project",)
    search_fields = ("rubric_version__rubric__name",)
    follow = ("member__user", "rubric_version__rubric")
