"""Settling: what could not be settled by rule waits here for a moderator."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from feedback.accounts.models import Member, ProjectRow
from feedback.judgements.models import Review, Verdict
from reviews.queues.models import Assignment, Item


class AdjudicationQuerySet(models.QuerySet["Adjudication"]):
    def open(self) -> AdjudicationQuerySet:
        """Waiting for a moderator: not while the item is being reviewed again, or withdrawn."""
        return self.filter(settled_at__isnull=True, item__state=Item.State.UNRESOLVED)

    def not_reviewed_by(self, member: Member) -> AdjudicationQuerySet:
        """Those that this person may settle: they never submitted a review of the item, also none taken back."""
        turns = Assignment.objects.filter(item=OuterRef("item"), reviewer=member, review__isnull=False)
        mine = Review.objects.filter(
            subject=OuterRef("item__subject"), origin=OuterRef("item__queue__key"), reviewer=member
        )
        return self.filter(~Exists(turns), ~Exists(mine))


class Adjudication(ProjectRow):
    """A dispute opened by the settling sweep, closed by a moderator who did not review the item."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="adjudications")
    disputed = models.JSONField(default=list, help_text="Keys of the criteria without a winner.")
    opened_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.OneToOneField(Verdict, models.PROTECT, null=True, blank=True, related_name="adjudication")

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("item", condition=Q(settled_at__isnull=True), name="adjudication_open_once"),
        ]

    def __str__(self) -> str:
        return f"dispute on {self.item}"
