"""Queues for operators: how a queue is called and whether it is open. The rest has verbs that keep exactly k."""

from __future__ import annotations

from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.queues.models import (
    Admission,
    Assignment,
    Escalation,
    EscalationMessage,
    Front,
    Item,
    Lane,
    MemberSkill,
    OptOut,
    Place,
    Qualification,
    Queue,
    QueueCount,
    Restriction,
)


@admin.register(Queue)
class QueueAdmin(RowAdmin):
    list_display = ("name", "key", "project", "state", "k", "order", "rubric_version", "created_at")
    list_filter = ("state", "takes_imports", "project")
    search_fields = ("name", "key")
    follow = ("rubric_version__rubric",)
    writable = ("name", "state")


@admin.register(Admission)
class AdmissionAdmin(RowAdmin):
    list_display = ("queue", "member", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("queue__name", "queue__key")
    follow = ("member__user",)


@admin.register(Restriction)
class RestrictionAdmin(RowAdmin):
    list_display = ("member", "queue", "project", "at", "lifted_at")
    list_filter = ("project",)
    search_fields = ("=member__pseudonym", "queue__key")
    follow = ("member__user", "queue")


@admin.register(OptOut)
class OptOutAdmin(RowAdmin):
    list_display = ("member", "tag", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("=member__pseudonym", "tag")
    follow = ("member__user",)


@admin.register(Qualification)
class QualificationAdmin(RowAdmin):
    list_display = ("queue", "member", "project", "created_at")
    search_fields = ("queue__name", "queue__key", "=member__pseudonym")


@admin.register(QueueCount)
class QueueCountAdmin(RowAdmin):
    list_display = ("queue", "project", "counted_at")
    search_fields = ("queue__name", "queue__key")


@admin.register(Lane)
class LaneAdmin(RowAdmin):
    list_display = ("queue", "number", "next_pos")
    search_fields = ("queue__name", "queue__key")


@admin.register(Item)
class ItemAdmin(RowAdmin):
    list_display = ("pk", "queue", "subject", "k", "n_filled", "state", "inclusion_probability", "rule_label")
    list_filter = ("state", "project")
    search_fields = ("=id", "=subject__key", "=queue__key")


@admin.register(Assignment)
class AssignmentAdmin(RowAdmin):
    list_display = ("pk", "queue", "item", "reviewer", "round", "state", "claimed_at", "submitted_at")
    list_filter = ("state", "project")
    search_fields = ("=id", "=item__id", "=reviewer__pseudonym", "=queue__key")


@admin.register(Place)
class PlaceAdmin(RowAdmin):
    list_display = ("pk", "queue", "item", "number", "lane", "pos", "state", "lease_until", "reserved_for")
    list_filter = ("state", "project")
    search_fields = ("=id", "=item__id", "=queue__key")


@admin.register(Front)
class FrontAdmin(RowAdmin):
    list_display = ("queue", "lane", "reviewer", "pos")
    search_fields = ("=queue__key", "=reviewer__pseudonym")


@admin.register(Escalation)
class EscalationAdmin(RowAdmin):
    list_display = ("__str__", "item", "raised_by", "created_at", "closed_by", "closed_at")
    list_filter = ("closed_at", "project")
    search_fields = ("=item__id",)


@admin.register(EscalationMessage)
class EscalationMessageAdmin(RowAdmin):
    list_display = ("__str__", "escalation", "author", "created_at")
    list_filter = ("project",)


@admin.register(MemberSkill)
class MemberSkillAdmin(RowAdmin):
    list_display = ("member", "tag", "project", "created_at")
    list_filter = ("project",)
    search_fields = ("tag", "=member__pseudonym")
