"""Quick passes: one answer given to several items at once, and which reviews came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from feedback.accounts.models import Member, ProjectRow
from feedback.judgements.models import Review
from feedback.rubrics.models import RubricVersion
from reviews.queues.models import Queue

MOST = 50  # cards on a page, and items that one pass may answer


class QuickPass(ProjectRow):
    """Somebody looked at cards and gave the chosen ones one answer. What was said is in the reviews."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="passes")
    member = models.ForeignKey(Member, models.PROTECT, related_name="passes", db_index=False)  # Meta.indexes
    rubric_version = models.ForeignKey(RubricVersion, models.PROTECT, related_name="+", db_index=False)
    submission_id = models.UUIDField(help_text="Chosen by the page; the same one is one pass.")
    n_chosen = models.PositiveSmallIntegerField(help_text="Items that were chosen; fewer may have been answered.")
    n_cards = models.PositiveSmallIntegerField(help_text="Cards on the page that they were chosen from.")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "submission_id", name="pass_once"),
            models.CheckConstraint(condition=Q(n_chosen__gte=1, n_chosen__lte=MOST), name="pass_answers_one_to_fifty"),
        ]
        indexes = [models.Index(fields=["member", "queue", "-id"], name="pass_of_member")]

    def __str__(self) -> str:
        return f"quick pass {self.pk} over {self.queue}"


class PassedReview(ProjectRow):
    """A review that was given in a quick pass."""

    quick_pass = models.ForeignKey(QuickPass, models.CASCADE, related_name="passed")
    review = models.OneToOneField(Review, models.PROTECT, related_name="passed")

    def __str__(self) -> str:
        return f"{self.review} in {self.quick_pass}"
