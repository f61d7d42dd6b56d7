"""What to draw from the stream of responses: rules, their frozen versions, and runs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from feedback.accounts.models import Member, ProjectRow
from feedback.jobs import Job
from reviews.queues.models import Queue


class SamplingRule(ProjectRow):
    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    interval_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Run this often; empty is by hand only."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "key", name="rule_once")]

    def __str__(self) -> str:
        return self.name


class SamplingRuleVersion(ProjectRow):
    class Method(models.TextChoices):
        RATE = "rate", "a share of what matches"
        SIZE = "size", "a fixed number"

    rule = models.ForeignKey(SamplingRule, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="rule_versions")
    filter = models.JSONField(default=dict, blank=True, help_text="Parameters of the response list's FilterSet.")
    method = models.CharField(max_length=4, choices=Method)
    rate = models.FloatField(null=True, blank=True)
    size = models.PositiveIntegerField(null=True, blank=True)
    seed = models.CharField(max_length=60, blank=True, help_text="Shifts the interval of draw keys.")
    k = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Reviews per item; empty takes the queue's.")
    lane = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("rule", "number", name="rule_version_once"),
            models.CheckConstraint(
                condition=Q(method="rate", rate__gt=0, rate__lte=1, size__isnull=True)
                | Q(method="size", size__gte=1, rate__isnull=True),
                name="rule_rate_or_size",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.number}"


class SamplingRun(ProjectRow, Job):
    """One execution of a rule version. Its bounds are frozen before anything is drawn."""

    bell: ClassVar[str] = "bulk"

    rule_version = models.ForeignKey(SamplingRuleVersion, models.PROTECT, related_name="runs")
    tick = models.CharField(max_length=40, help_text="Scheduled minute, or a unique mark of a run by hand.")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    lowest_id = models.BigIntegerField(null=True, blank=True, help_text="Responses from this id on (frozen bound).")
    highest_id = models.BigIntegerField(null=True, blank=True, help_text="Responses up to this id (frozen bound).")
    population = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="How many matched, where it was counted."
    )
    n_drawn = models.PositiveBigIntegerField(default=0)
    n_added = models.PositiveBigIntegerField(default=0, help_text="Drawn ones that were not in the queue already.")

    class Meta:
        constraints = [models.UniqueConstraint("rule_version", "tick", name="run_once_a_tick")]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.rule_version}"
