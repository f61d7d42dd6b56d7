"""Gold: items with a known answer, what was expected when, whom they were kept for, and how each review compared."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.crypto import get_random_string

from feedback.accounts.models import Member, ProjectRow
from reviews.queues.models import Assignment, Item, Place, Queue

DONE = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]


def new_seed() -> str:
    return get_random_string(16)


class GoldSetting(ProjectRow):
    """How often the reviewers of a queue come to a gold item."""

    queue = models.OneToOneField(Queue, models.CASCADE, primary_key=True, related_name="gold_setting")
    is_on = models.BooleanField(default=True)
    rate = models.FloatField(
        default=0.07, validators=[MinValueValidator(0.005), MaxValueValidator(0.5)], help_text="Of a person's reviews."
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False, help_text="Of spacing and of ties.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=0.5), name="gold_rate_is_share")]

    def __str__(self) -> str:
        return f"{self.rate:.1%} gold in {self.queue}"


class GoldQuerySet(models.QuerySet["GoldItem"]):
    def active(self) -> GoldQuerySet:
        """Given to reviewers, and their answers compared."""
        return self.filter(state=GoldItem.State.ACTIVE)

    def usable(self) -> GoldQuerySet:
        """Active, on an item that a moderator has not taken out; training items are withdrawn to everybody else."""
        gone = Q(item__state=Item.State.WITHDRAWN, queue__is_training=False)
        return self.active().exclude(gone)

    def with_uses(self) -> GoldQuerySet:
        """How many people it was kept for: what even exposure is about."""
        return self.annotate(n_uses=Count("turns"))


class GoldItem(ProjectRow):
    """An item whose answer is known. Where it is used, nothing that a reviewer sees says so."""

    class State(models.TextChoices):
        ACTIVE = "active", "In use"
        QUESTIONED = "questioned"
        RETIRED = "retired"

    class Origin(models.TextChoices):
        VERDICT = "verdict", "A verdict"
        IMPORT = "import", "An import"
        HAND = "hand", "By hand"

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="gold")
    item = models.OneToOneField(Item, models.CASCADE, related_name="gold")
    origin = models.CharField(max_length=7, choices=Origin)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    made_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    trusted_at = models.DateTimeField(
        auto_now_add=True, help_text="Made, revised or confirmed: what was failed before does not question it anew."
    )

    objects = GoldQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], condition=Q(state="questioned"), name="gold_questioned")]

    def __str__(self) -> str:
        return f"gold item {self.pk}"

    @property
    def revision(self) -> GoldRevision:
        """What is expected now."""
        return self.revisions.order_by("-number")[:1].get()


class GoldRevision(ProjectRow):
    """One version of what is expected: never changed, so that a check keeps what it was checked against."""

    gold = models.ForeignKey(GoldItem, models.CASCADE, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField(help_text="By criterion, as a review would have them.")
    tolerance = models.JSONField(default=dict, blank=True, help_text="By criterion: how far off is still right.")
    explanation = models.TextField(blank=True, help_text="Shown in training, after the review.")
    made_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"answers": {}, "explanation": ""}

    class Meta:
        constraints = [models.UniqueConstraint("gold", "number", name="gold_revision_once")]

    def __str__(self) -> str:
        return f"{self.gold}, revision {self.number}"


class GoldTurn(ProjectRow):
    """A gold item that was kept for a person: once each, in the order in which they come to them."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="+")
    gold = models.ForeignKey(GoldItem, models.CASCADE, related_name="turns")
    reviewer = models.ForeignKey(Member, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    place = models.OneToOneField(Place, models.CASCADE, related_name="gold_turn")
    after = models.IntegerField(default=0, help_text="Comes after so many submits of theirs …")
    since = models.DateTimeField(null=True, blank=True, help_text="… from this time on.")

    class Meta:
        constraints = [
            models.UniqueConstraint("gold", "reviewer", name="gold_given_once"),
            models.UniqueConstraint("queue", "reviewer", "number", name="gold_turn_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gold} for {self.reviewer}"


class GoldCheckQuerySet(models.QuerySet["GoldCheck"]):
    def counted(self) -> GoldCheckQuerySet:
        """Those that say something of a reviewer: live, of an item in use, against what is expected of it now."""
        newest = (
            GoldRevision.objects.filter(gold=OuterRef("gold")).order_by().values("gold").annotate(top=Max("number"))
        )
        return self.filter(
            gold__state=GoldItem.State.ACTIVE,
            gold__queue__is_training=False,
            assignment__state__in=DONE,
            revision__number=Subquery(newest.values("top")),
        )

    def by_reviewer(self) -> dict[int, tuple[int, int]]:
        """Reviewer id: how many right, of how many."""
        rows: QuerySet[Any, Any] = self.order_by().values("reviewer")
        found = rows.annotate(n=Count("pk"), right=Count("pk", filter=Q(is_right=True)))
        return {row["reviewer"]: (row["right"], row["n"]) for row in found}


class GoldCheck(ProjectRow):
    """How one review of a gold item compared with what was expected."""

    gold = models.ForeignKey(GoldItem, models.CASCADE, related_name="checks")
    revision = models.ForeignKey(GoldRevision, models.PROTECT, related_name="checks")
    assignment = models.OneToOneField(Assignment, models.CASCADE, related_name="gold_check")
    reviewer = models.ForeignKey(Member, models.PROTECT, related_name="+")
    right = models.JSONField(help_text="By criterion, of those that are checked: whether the answer was right.")
    is_right = models.BooleanField(help_text="All of them.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GoldCheckQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(F("reviewer"), F("gold"), name="gold_check_of_reviewer")]

    def __str__(self) -> str:
        return f"{self.assignment}: {'right' if self.is_right else 'wrong'}"


class TrainingCourse(ProjectRow):
    """What passing a training queue takes: so many right among the last so many."""

    queue = models.OneToOneField(Queue, models.CASCADE, primary_key=True, related_name="course")
    n_right = models.PositiveSmallIntegerField(default=8)
    n_last = models.PositiveSmallIntegerField(default=10)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(n_right__gte=1, n_right__lte=F("n_last")), name="course_can_be_passed")
        ]

    def __str__(self) -> str:
        return f"{self.n_right} of {self.n_last} in {self.queue}"
