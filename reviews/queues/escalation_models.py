"""A reviewer's request to a moderator about an item. Items and turns are named as strings: `models` imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from feedback.accounts.models import Member, ProjectRow
from feedback.permissions import VERBS

if TYPE_CHECKING:
    from reviews.queues.models import Item


class MemberSkill(ProjectRow):
    """What a member is an expert in, in a word; admins say so."""

    LONGEST = 40

    member = models.ForeignKey(Member, models.CASCADE, related_name="skills")
    tag = models.CharField(max_length=LONGEST, help_text="In small letters.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "tag", name="skill_once")]

    def __str__(self) -> str:
        return f"{self.member}: {self.tag}"


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def open(self) -> EscalationQuerySet:
        return self.filter(closed_at__isnull=True)

    def for_item(self, item: Item) -> EscalationQuerySet:
        return self.filter(item=item).order_by("-pk")

    def visible_to(self, member: Member) -> EscalationQuerySet:
        """Of the member's project: all for those who settle, their own for everybody else."""
        rows = self.filter(project=member.project_id)
        return rows if member.may("settle") else rows.filter(raised_by=member)

    def offered_to(self, member: Member) -> EscalationQuerySet:
        """Those that name no skill, one of this member's, or one that nobody who settles carries."""
        carried = MemberSkill.objects.filter(project=OuterRef("project"), tag=OuterRef("skill"))
        experts = carried.filter(
            member__role__in=VERBS["settle"], member__disabled_at__isnull=True, member__user__is_active=True
        )
        return self.filter(Q(skill="") | Exists(carried.filter(member=member)) | ~Exists(experts))

    def with_last_word(self) -> EscalationQuerySet:
        """Each with `last_author_id` and `last_said_at`: whose turn it is."""
        words = EscalationMessage.objects.filter(escalation=OuterRef("pk")).order_by("-pk")
        return self.annotate(
            last_author_id=models.Subquery(words.values("author")[:1]),
            last_said_at=models.Subquery(words.values("created_at")[:1]),
        )

    def in_state(self, state: str) -> EscalationQuerySet:
        """`with_last_word`; open: the reviewer had it, answered: a moderator had it."""
        rows = self.with_last_word()
        if state == Escalation.State.CLOSED:
            return rows.filter(closed_at__isnull=False)
        waits = {"last_author_id": F("raised_by")}
        return rows.open().filter(**waits) if state == Escalation.State.OPEN else rows.open().exclude(**waits)


class Escalation(ProjectRow):
    """A reviewer's request to a moderator about an item, and the conversation under it (verbs: escalate.py)."""

    class State(models.TextChoices):
        """Whose turn it is; no column, see `in_state`."""

        OPEN = "open"
        ANSWERED = "answered"
        CLOSED = "closed"

    item = models.ForeignKey("queues.Item", models.CASCADE, related_name="escalations")
    assignment = models.ForeignKey(
        "queues.Assignment",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="escalations",
        help_text="The turn it came from.",
    )
    raised_by = models.ForeignKey(Member, models.PROTECT, related_name="escalations")
    skill = models.CharField(
        max_length=MemberSkill.LONGEST,
        blank=True,
        db_default="",
        help_text="Who carries it is asked; empty: everybody.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")

    objects = EscalationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "item", "raised_by", condition=Q(closed_at__isnull=True), name="escalation_open_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], condition=Q(closed_at__isnull=True), name="escalation_open")]

    def __str__(self) -> str:
        return f"escalation {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_answered(self) -> bool:
        """Whether anybody but who asked has said anything."""
        return self.messages.exclude(author=self.raised_by_id).exists()


class EscalationMessage(ProjectRow):
    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="messages")
    author = models.ForeignKey(Member, models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]
