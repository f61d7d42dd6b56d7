"""What moderators did to items and reviews, and why; and bulk actions, which are jobs that do one item at a time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from feedback.accounts.models import Member, ProjectRow
from feedback.jobs import Job
from reviews.queues.models import Assignment, Item

MOST = 1_000  # items in one bulk action


class BulkAction(ProjectRow, Job):
    """One counted, confirmed act on a set of items. The ids are the set that was confirmed, in ascending order."""

    bell: ClassVar[str] = "bulk"

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw", "withdraw"
        PUT_BACK = "put-back", "put back"
        ASK_MORE = "ask-more", "ask for one more review"

    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    reason = models.TextField()
    item_ids = models.JSONField(default=list)
    digest = models.CharField(max_length=64, help_text="SHA-256 of kind and ids, as confirmed.")
    refused = models.JSONField(default=dict, blank=True, help_text="How many items were left alone, by reason.")

    def __str__(self) -> str:
        n = len(self.item_ids)
        return f"{self.get_kind_display()}: {n} item{'' if n == 1 else 's'}"

    def step(self) -> bool:
        from reviews.moderation import bulk  # which is written in terms of these models

        return bulk.step(self)


class ActionQuerySet(models.QuerySet["Action"]):
    def standing_withdrawals(self) -> ActionQuerySet:
        """Withdrawals of items that are withdrawn still, the newest of each item."""
        later = Action.objects.filter(
            item=models.OuterRef("item"), kind=Action.Kind.WITHDRAW, pk__gt=models.OuterRef("pk")
        )
        return self.filter(~models.Exists(later), kind=Action.Kind.WITHDRAW, item__state=Item.State.WITHDRAWN)


class Action(ProjectRow):
    """One act of a moderator on an item or on a review of it."""

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw", "withdrew the item"
        PUT_BACK = "put-back", "put the item back"
        ASK_MORE = "ask-more", "asked for one more review"
        ASK_FEWER = "ask-fewer", "asked for one review less"
        REOPEN = "reopen", "reopened the item"
        INVALIDATE = "invalidate", "invalidated a review"
        RESTORE = "restore", "restored a review"

    kind = models.CharField(max_length=10, choices=Kind)
    item = models.ForeignKey(Item, models.CASCADE, related_name="actions")
    assignment = models.ForeignKey(
        Assignment, models.CASCADE, null=True, blank=True, related_name="actions", help_text="Whose review it is about."
    )
    by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    reason = models.TextField()
    k_before = models.PositiveSmallIntegerField(
        help_text="Reviews that the item asked for; what putting back restores."
    )
    bulk = models.ForeignKey(BulkAction, models.SET_NULL, null=True, blank=True, related_name="actions")
    at = models.DateTimeField(auto_now_add=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["invalidate", "restore"], assignment__isnull=False)
                | models.Q(
                    kind__in=["withdraw", "put-back", "ask-more", "ask-fewer", "reopen"], assignment__isnull=True
                ),
                name="action_review_is_named",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="action_says_why"),
        ]
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["project", "kind", "-id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.item_id}"
