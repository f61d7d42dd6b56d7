"""Programs that judge responses, and what they said. A version of a critic and an assessment never change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from feedback.accounts.models import ProjectRow
from feedback.responses.models import Response


class Critic(ProjectRow):
    """A program that judges responses, by the name that its deliveries use."""

    slug = models.SlugField(max_length=60, db_index=False)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "slug", name="critic_slug_once")]

    def __str__(self) -> str:
        return self.name


class CriticVersion(ProjectRow):
    """One way in which a critic judges: its model and what it was told to look for."""

    critic = models.ForeignKey(Critic, models.PROTECT, related_name="versions", db_index=False)
    label = models.CharField(max_length=100)
    model = models.CharField(max_length=120, blank=True)
    criteria = models.TextField(blank=True, help_text="What it is told to judge by.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("critic", "label", name="critic_version_once")]

    def __str__(self) -> str:
        return f"{self.critic} {self.label}"


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def of(self, responses: Iterable[Response]) -> AssessmentQuerySet:
        """What was said of these, one critic after the other, the newest version of each first."""
        rows = self.filter(response__in=[response.pk for response in responses])
        return rows.select_related("version__critic").order_by("version__critic__name", "-version", "pk")


class Assessment(ProjectRow):
    """One critic version's judgement of one response."""

    version = models.ForeignKey(CriticVersion, models.PROTECT, related_name="assessments", db_index=False)
    response = models.ForeignKey(Response, models.PROTECT, related_name="assessments")
    score = models.FloatField(null=True, blank=True, help_text="From 0 to 1; 1 is best.")
    label = models.CharField(max_length=60, blank=True)
    spans = models.JSONField(
        default=list, blank=True, help_text="Stretches of the output: start, end, quote, kind, severity, note."
    )
    reason = models.TextField(blank=True)
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of what was sent; the same again changes nothing.")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"spans": [], "reason": "", "body_hash": ""}

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("version", "response", name="assessment_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1), name="assessment_score_of_one"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="assessment_as_listed"),
            models.Index(fields=["label", "response"], name="assessment_by_label"),
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.response_id}"
