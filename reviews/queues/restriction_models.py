"""People who get no items for now. Queues and members are what it stands between; models.py imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone

from feedback.accounts.models import Member, ProjectRow

if TYPE_CHECKING:
    from reviews.queues.models import Queue


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    def standing(self) -> RestrictionQuerySet:
        return self.filter(lifted_at__isnull=True)

    def between(self, member: Any, queue: Any) -> RestrictionQuerySet:
        """What stands between this person and this queue; both may be outer references."""
        return self.standing().filter(Q(queue__isnull=True) | Q(queue=queue), member=member)


class Restriction(ProjectRow):
    """A person claims nothing in a queue, or nowhere in the project, until it is lifted. What they did stays theirs.

    The claim asks for it in SQL (statements.ADMITS); restrict.py makes and lifts it.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="restrictions")
    queue = models.ForeignKey(
        "queues.Queue",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="restrictions",
        help_text="Empty: every queue of the project.",
    )
    reason = models.TextField(help_text="Read by moderators and by the person.")
    by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    lift_reason = models.TextField(blank=True)

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "member", "queue", condition=Q(lifted_at__isnull=True, queue__isnull=False), name="restriction_once"
            ),
            models.UniqueConstraint(
                "member", condition=Q(lifted_at__isnull=True, queue__isnull=True), name="restriction_of_all_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="restriction_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason=""),
                name="restriction_lifted_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member.pseudonym} in {self.where}"

    @property
    def where(self) -> str:
        return self.queue.name if self.queue else "all queues"

    @property
    def is_standing(self) -> bool:
        return self.lifted_at is None


def restricted(member: Any, queue: Any) -> models.Exists:
    """Whether something stands between the two, each an outer reference or a row."""
    return models.Exists(Restriction.objects.between(member, queue))


def of_member(member: Member) -> models.Exists:
    """Of rows of queues: whether this person is kept from them."""
    return restricted(member, OuterRef("pk"))


def stands_between(member: Member, queue: Queue) -> bool:
    return Restriction.objects.between(member, queue).exists()
