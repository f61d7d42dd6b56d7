"""Silent repeats: how often a person is asked again about an item they judged, and which turn was asked again when."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from feedback.accounts.models import Member, ProjectRow
from reviews.quality.gold_models import new_seed
from reviews.queues.models import Assignment, Place, Queue


class RepeatSetting(ProjectRow):
    """How often the reviewers of a queue come to an item again that they judged some time ago."""

    queue = models.OneToOneField(Queue, models.CASCADE, primary_key=True, related_name="repeat_setting")
    is_on = models.BooleanField(default=False)
    rate = models.FloatField(
        default=0.02, validators=[MinValueValidator(0.005), MaxValueValidator(0.2)], help_text="Of a person's reviews."
    )
    least_days = models.PositiveSmallIntegerField(default=7, help_text="Since the review that is asked for again.")
    seed = models.CharField(max_length=32, default=new_seed, editable=False, help_text="Of spacing and of the draw.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=0.2), name="repeat_rate_is_share")]

    def __str__(self) -> str:
        return f"{self.rate:.1%} again in {self.queue}"


class RepeatQuerySet(models.QuerySet["RepeatTurn"]):
    def answered(self) -> RepeatQuerySet:
        """Both reviews stand."""
        done = Assignment.State.SUBMITTED
        return self.filter(
            first__state=done,
            first__review__withdrawn_at__isnull=True,
            first__review__invalidated_at__isnull=True,
            place__assignment__state=done,
            place__assignment__review__withdrawn_at__isnull=True,
            place__assignment__review__invalidated_at__isnull=True,
        )


class RepeatTurn(ProjectRow):
    """A turn that its reviewer is asked to take again: once, in the order in which they come to it."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="+")
    reviewer = models.ForeignKey(Member, models.CASCADE, related_name="+")
    first = models.OneToOneField(Assignment, models.CASCADE, related_name="repeat", help_text="What they said before.")
    number = models.PositiveIntegerField()
    place = models.OneToOneField(
        Place, models.CASCADE, related_name="repeat_turn", help_text="Where they say it again."
    )
    after = models.IntegerField(default=0, help_text="Comes after so many submits of theirs …")
    since = models.DateTimeField(null=True, blank=True, help_text="… from this time on.")

    objects = RepeatQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("queue", "reviewer", "number", name="repeat_turn_once")]

    def __str__(self) -> str:
        return f"{self.first} again"
