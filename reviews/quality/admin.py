"""Disputes and computed figures for operators; both have their pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from feedback.accounts.administration import RowAdmin
from reviews.quality.models import (
    Adjudication,
    Analysis,
    CriticLook,
    DecisionsRead,
    GoldCheck,
    GoldItem,
    GoldRevision,
    GoldSetting,
    GoldTurn,
    HourlyCost,
    LabelModel,
    OverlapPolicy,
    RepeatSetting,
    RepeatTurn,
    ReviewerAttribute,
    ReviewerMeasure,
    ReviewerNotice,
    StatedAttribute,
    TrainingCourse,
)


@admin.register(Adjudication)
class AdjudicationAdmin(RowAdmin):
    list_display = ("item", "project", "disputed", "opened_at", "settled_at", "settled_by", "verdict")
    list_filter = ("settled_at", "project")
    search_fields = ("=item__id",)
    follow = ("verdict__subject",)


@admin.register(CriticLook)
class CriticLookAdmin(RowAdmin):
    list_display = ("pk", "adjudication", "member", "looked_at")
    list_filter = ("project",)
    follow = ("adjudication__item__subject", "adjudication__item__queue")


@admin.register(OverlapPolicy)
class OverlapPolicyAdmin(RowAdmin):
    list_display = ("queue", "project", "is_on", "target", "most", "decides")
    list_filter = ("is_on", "decides", "project")
    search_fields = ("queue__key", "queue__name")


@admin.register(LabelModel)
class LabelModelAdmin(RowAdmin):
    list_display = ("queue", "project", "criterion", "n_items", "n_labels", "computed_at")
    list_filter = ("project",)
    search_fields = ("queue__key", "criterion")


@admin.register(Analysis)
class AnalysisAdmin(RowAdmin):
    list_display = ("kind", "filters", "project", "state", "created_at", "finished_at", "error")
    list_filter = ("kind", "state", "project")
    search_fields = ("digest",)


@admin.register(GoldSetting)
class GoldSettingAdmin(RowAdmin):
    list_display = ("queue", "project", "is_on", "rate")
    list_filter = ("is_on", "project")
    search_fields = ("queue__name", "queue__key")


@admin.register(GoldItem)
class GoldItemAdmin(RowAdmin):
    list_display = ("pk", "queue", "item", "project", "origin", "state", "made_by", "created_at")
    list_filter = ("state", "origin", "project")
    search_fields = ("=item__id", "=queue__key")


@admin.register(GoldRevision)
class GoldRevisionAdmin(RowAdmin):
    list_display = ("gold", "project", "number", "made_by", "created_at")
    list_filter = ("project",)
    search_fields = ("=gold__item__id",)


@admin.register(GoldTurn)
class GoldTurnAdmin(RowAdmin):
    list_display = ("gold", "queue", "reviewer", "number", "place", "after", "since")
    list_filter = ("project",)
    search_fields = ("=queue__key", "=reviewer__pseudonym")


@admin.register(GoldCheck)
class GoldCheckAdmin(RowAdmin):
    list_display = ("gold", "revision", "reviewer", "is_right", "created_at")
    list_filter = ("is_right", "project")
    search_fields = ("=gold__item__id", "=reviewer__pseudonym")


@admin.register(TrainingCourse)
class TrainingCourseAdmin(RowAdmin):
    list_display = ("queue", "project", "n_right", "n_last")
    search_fields = ("queue__name", "queue__key")


@admin.register(ReviewerMeasure)
class ReviewerMeasureAdmin(RowAdmin):
    list_display = ("reviewer", "project", "criterion", "measure", "value", "low", "high", "n", "is_notable")
    list_filter = ("measure", "is_notable", "project")
    search_fields = ("=reviewer__pseudonym", "criterion")


@admin.register(ReviewerNotice)
class ReviewerNoticeAdmin(RowAdmin):
    list_display = ("reviewer", "project", "criterion", "measure", "value", "opened_at", "closed_at", "closed_by")
    list_filter = ("measure", "closed_at", "project")
    search_fields = ("=reviewer__pseudonym", "criterion")


@admin.register(RepeatSetting)
class RepeatSettingAdmin(RowAdmin):
    list_display = ("queue", "project", "is_on", "rate", "least_days")
    list_filter = ("is_on", "project")
    search_fields = ("queue__name", "queue__key")


@admin.register(RepeatTurn)
class RepeatTurnAdmin(RowAdmin):
    list_display = ("queue", "reviewer", "number", "first", "place", "after", "since", "project")
    follow = ("first__reviewer__user", "first__item")
    list_filter = ("project",)
    search_fields = ("=first__id", "=reviewer__pseudonym")


@admin.register(DecisionsRead)
class DecisionsReadAdmin(RowAdmin):
    list_display = ("member", "upto", "project")
    list_filter = ("project",)
    search_fields = ("=member__pseudonym",)


@admin.register(HourlyCost)
class HourlyCostAdmin(RowAdmin):
    list_display = ("project", "amount", "currency")
    list_filter = ("currency",)
    search_fields = ("project__slug",)


@admin.register(ReviewerAttribute)
class ReviewerAttributeAdmin(RowAdmin):
    list_display = ("label", "key", "project", "choices", "created_at")
    list_filter = ("project",)
    search_fields = ("key", "label")


@admin.register(StatedAttribute)
class StatedAttributeAdmin(RowAdmin):
    """That something was stated; what, no operator reads here."""

    list_display = ("attribute", "project")
    list_filter = ("attribute", "project")
    search_fields = ("attribute__key",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["attribute", "project"]
