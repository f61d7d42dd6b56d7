"""What was measured of each reviewer, once a day, and what moderators are told of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from feedback.accounts.models import Member, ProjectRow


class Measured(ProjectRow):
    """One measure of one reviewer: a figure with its interval. Figures are explained in README.md."""

    class Measure(models.TextChoices):
        GOLD = "gold", "Gold"
        VERDICTS = "verdicts", "Agreement with verdicts"
        AGREEMENT = "agreement", "Agreement with others"
        ACCURACY = "accuracy", "Probably right"
        SEVERITY = "severity", "Harsh or lenient"
        POSITION = "position", "First of two"
        LENGTH = "length", "Longer of two"
        ONE_ANSWER = "one_answer", "The same answer"
        DRIFT = "drift", "Drift"
        PACE = "pace", "Haste"
        OWN_PACE = "own_pace", "Pace against earlier"
        REPEATS = "repeats", "Texts written again"
        AGAIN = "again", "The same when asked again"

    criterion = models.CharField(max_length=60, blank=True, help_text="Its key; empty: of all questions together.")
    kind = models.CharField(max_length=12, blank=True, help_text="Of the criterion.")
    label = models.CharField(max_length=200, help_text="The criterion's label.")
    measure = models.CharField(max_length=10, choices=Measure)
    n = models.PositiveIntegerField(help_text="What it is counted from: answers, checks, reviews or texts.")
    value = models.FloatField(null=True, blank=True, help_text="Empty: too few to tell.")
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    expected = models.FloatField(null=True, blank=True, help_text="What it is held against: others, chance, no lean.")

    class Meta:
        abstract = True


class ReviewerMeasure(Measured):
    """As it was found last: replaced by each daily measurement."""

    reviewer = models.ForeignKey(Member, models.CASCADE, related_name="measures")
    is_notable = models.BooleanField(null=True, blank=True, help_text="Stands out; empty: too few to tell.")
    confusion = models.JSONField(
        null=True, blank=True, help_text="With `accuracy`: names of the classes, and a row for each true one."
    )
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("reviewer", "criterion", "kind", "measure", name="reviewer_measure_once"),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="reviewer_measure_as_listed")]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} of {self.reviewer} in {self.label}"


class NoticeQuerySet(models.QuerySet["ReviewerNotice"]):
    def open(self) -> NoticeQuerySet:
        return self.filter(closed_at__isnull=True)


class ReviewerNotice(Measured):
    """Asks a moderator to look at a reviewer's work. Its facts are frozen; nothing else follows from it by itself."""

    reviewer = models.ForeignKey(Member, models.CASCADE, related_name="notices_about")
    threshold = models.CharField(max_length=200, help_text="What opened it, in words.")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True, help_text="Why it was dismissed.")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "reviewer", "criterion", "kind", "measure",
                condition=Q(closed_at__isnull=True), name="reviewer_notice_open_once",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, reason="")
                | Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(reason=""),
                name="reviewer_notice_closed_says_why",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "-id"], condition=Q(closed_at__isnull=True), name="reviewer_notice_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} of {self.reviewer} in {self.label}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None
