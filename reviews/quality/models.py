"""Settling: what could not be settled by rule waits here for a moderator."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from feedback.accounts.models import Member, ProjectRow
from feedback.judgements.models import Verdict
from reviews.queues.models import Item


class Adjudication(ProjectRow):
    """A dispute opened by the settling sweep, closed by a moderator who did not review the item."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="adjudications")
    disputed = models.JSONField(default=list, help_text="Keys of the criteria without a winner.")
    opened_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.OneToOneField(Verdict, models.PROTECT, null=True, blank=True, related_name="adjudication")

    class Meta:
        constraints = [
            models.UniqueConstraint("item", condition=Q(settled_at__isnull=True), name="adjudication_open_once"),
        ]

    def __str__(self) -> str:
        return f"dispute on {self.item}"
