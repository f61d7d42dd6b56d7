"""What moderators did to items and reviews, and why; and bulk actions, which are jobs that do one item at a time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from feedback.accounts.models import Member, ProjectRow
from feedback.jobs import Job
from reviews.queues.models import Assignment, Item, Queue

MOST = 1_000  # items or reviews in one bulk action


class BulkAction(ProjectRow, Job):
    """One counted, confirmed act on a set of items, or of one person's reviews. The ids are the set that was confirmed,
    in ascending order: of items, or of turns where `reviewer` says whose.
    """

    bell: ClassVar[str] = "bulk"

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw", "withdraw"
        PUT_BACK = "put-back", "put back"
        ASK_MORE = "ask-more", "ask for one more review"
        ASK_FEWER = "ask-fewer", "ask for one review less"
        PUT_FIRST = "put-first", "serve before all others"
        PUT_LAST = "put-last", "serve after all others"
        INVALIDATE = "invalidate", "invalidate"
        RESTORE = "restore", "restore"

    kind = models.CharField(max_length=10, choices=Kind)
    reviewer = models.ForeignKey(
        Member, models.CASCADE, null=True, blank=True, related_name="+", help_text="Whose reviews the ids are."
    )
    by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    reason = models.TextField()
    item_ids = models.JSONField(default=list)
    digest = models.CharField(max_length=64, help_text="SHA-256 of kind and ids, as confirmed.")
    refused = models.JSONField(default=dict, blank=True, help_text="How many items were left alone, by reason.")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.counted}"

    @property
    def noun(self) -> str:
        return "review" if self.reviewer_id else "item"

    @property
    def counted(self) -> str:
        """As "12 items" or "12 reviews"."""
        n = len(self.item_ids)
        return f"{n:,} {self.noun}{'' if n == 1 else 's'}"

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
        PUT_FIRST = "put-first", "put the item first"
        PUT_LAST = "put-last", "put the item last"
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
                | models.Q(~models.Q(kind__in=["invalidate", "restore"]), assignment__isnull=True),
                name="action_names_review",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="action_says_why"),
        ]
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["project", "kind", "-id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.item_id}"


class QueueAct(ProjectRow):
    """One act of a moderator on a queue, with what was before, which is how it is taken back."""

    class Kind(models.TextChoices):
        STATE = "state", "opened or paused"
        OVERLAP = "overlap", "changed the reviews per item"

    kind = models.CharField(max_length=7, choices=Kind)
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="acts")
    before = models.CharField(max_length=6, help_text="A state, or reviews per item.")
    after = models.CharField(max_length=6)
    by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="queue_act_says_why"),
            models.CheckConstraint(condition=~models.Q(before=models.F("after")), name="queue_act_changes"),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="queue_act_as_listed")]

    def __str__(self) -> str:
        return f"{self.queue}: {self.words}"

    @property
    def words(self) -> str:
        if self.kind == self.Kind.OVERLAP:
            return f"changed the reviews per new item from {self.before} to {self.after}"
        return f"{'opened' if self.after == Queue.State.OPEN else self.after} the queue"
