"""What people said: reviews with their answers, and the verdicts they were settled into.

A review never changes once submitted: undoing withdraws it, and judging again makes a new revision. A verdict is
append-only, one current per subject, rubric version and origin.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from feedback.accounts.models import Member, ProjectRow
from feedback.responses.models import Passage, Response, Subject
from feedback.rubrics.models import Criterion, RubricVersion


class ReviewQuerySet(models.QuerySet["Review"]):
    def standing(self) -> ReviewQuerySet:
        """Neither withdrawn by its reviewer nor invalidated by a moderator."""
        return self.filter(withdrawn_at__isnull=True, invalidated_at__isnull=True)

    def taken_back(self) -> ReviewQuerySet:
        """The others."""
        return self.filter(Q(withdrawn_at__isnull=False) | Q(invalidated_at__isnull=False))


class Review(ProjectRow):
    """One reviewer's answers on one subject under one rubric version."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="reviews")
    rubric_version = models.ForeignKey(RubricVersion, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(Member, models.PROTECT, related_name="reviews")
    origin = models.CharField(max_length=60, help_text="The queue's key as a plain value.")
    round = models.PositiveSmallIntegerField(default=1)
    revision = models.PositiveSmallIntegerField(default=1)
    submission_id = models.UUIDField(default=uuid.uuid4, help_text="Chosen by the client; the same one is stored once.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical answers as submitted.")
    shown_order = models.JSONField(default=list, blank=True, help_text="Response ids in the order shown.")
    visible = models.JSONField(default=dict, blank=True, help_text="What else the reviewer saw: critic, other answers.")
    active_ms = models.PositiveIntegerField(null=True, blank=True)
    note = models.TextField(blank=True, help_text="Why, in the reviewer's words.")
    submitted_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    invalidated_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"note": "", "digest": ""}

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "submission_id", name="submission_once"),
            models.UniqueConstraint(
                "subject", "rubric_version", "origin", "reviewer", "round", "revision", name="review_revision_once"
            ),
            models.UniqueConstraint(
                "subject", "rubric_version", "origin", "reviewer", "round",
                condition=Q(withdrawn_at__isnull=True), name="review_standing_once",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["reviewer", "-submitted_at"]),
            models.Index(fields=["project", "-id"]),
            models.Index(
                fields=["project", "submitted_at"],
                condition=Q(withdrawn_at__isnull=True, invalidated_at__isnull=True),
                name="review_standing_by_day",
            ),
            models.Index(
                fields=["project", "withdrawn_at", "invalidated_at"],
                condition=Q(withdrawn_at__isnull=False) | Q(invalidated_at__isnull=False),
                name="review_taken_back",
            ),
        ]

    def __str__(self) -> str:
        return f"review {self.pk} of {self.subject}"


class AnswerRow(ProjectRow):
    review = models.ForeignKey(Review, models.CASCADE, related_name="%(class)ss")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Rating(AnswerRow):
    """An answer to a scale, yes/no, choice or text criterion. Scales fill `number`, choices of several `chosen`, texts
    `text`, the others `value`. One about each turn fills `chosen` with "3=good", in the order of the turns.
    """

    number = models.FloatField(null=True, blank=True)
    value = models.CharField(max_length=100, blank=True)
    chosen = models.JSONField(null=True, blank=True, help_text="The values chosen of several, in the rubric's order.")
    text = models.TextField(blank=True)
    part = models.CharField(max_length=40, blank=True, help_text="What of the subject it is about, when not the whole.")
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"text": ""}

    class Meta:
        constraints = [models.UniqueConstraint("review", "criterion", "part", name="rating_once")]
        indexes = [models.Index(fields=["project", "-review", "criterion", "id"], name="rating_as_listed")]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.value or self.number or self.text[:40]}"


class Comparison(AnswerRow):
    """A choice between the responses of a subject: a preferred one with strength 1..3, a tie, none acceptable, or a
    ranking of them all.
    """

    class Outcome(models.TextChoices):
        PREFERRED = "preferred"
        TIE = "tie"
        BOTH_BAD = "both_bad", "both bad"
        RANKED = "ranked"

    outcome = models.CharField(max_length=9, choices=Outcome)
    preferred = models.ForeignKey(Response, models.PROTECT, null=True, blank=True, related_name="+")
    strength = models.PositiveSmallIntegerField(null=True, blank=True)
    ranking = models.JSONField(
        default=list, blank=True, help_text="Of what is ranked: response ids in tiers, the best tier first."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("review", "criterion", name="comparison_once"),
            models.CheckConstraint(
                condition=Q(outcome="preferred", preferred__isnull=False, strength__gte=1, strength__lte=3)
                | ~Q(outcome="preferred") & Q(preferred__isnull=True, strength__isnull=True),
                name="comparison_preferred_has_strength",
            ),
            models.CheckConstraint(
                condition=Q(outcome="ranked") & ~Q(ranking=[]) | ~Q(outcome="ranked") & Q(ranking=[]),
                name="comparison_ranked_has_ranking",
            ),
        ]
        indexes = [models.Index(fields=["project", "-review", "criterion", "id"], name="comparison_as_listed")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.preferred_id or ''}"


class Span(AnswerRow):
    """A marked stretch of a response (or of its source text) in code points, half-open, with its evidence."""

    response = models.ForeignKey(Response, models.PROTECT, related_name="spans")
    marked_passage = models.ForeignKey(
        Passage,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Set when the mark is in a source text.",
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()
    prefix = models.CharField(max_length=64, blank=True)
    suffix = models.CharField(max_length=64, blank=True)
    text_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    evidence = models.ForeignKey(Passage, models.PROTECT, null=True, blank=True, related_name="+")
    evidence_start = models.PositiveIntegerField(null=True, blank=True)
    evidence_end = models.PositiveIntegerField(null=True, blank=True)
    evidence_quote = models.TextField(blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("quote", "prefix", "suffix", "text_hash", "note", "evidence_quote"), ""
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(start__lt=F("end")), name="span_not_empty")]
        indexes = [models.Index(fields=["project", "-id"], name="span_as_listed")]
        ordering = ["review_id", "start", "end"]

    def __str__(self) -> str:
        return f"{self.kind} [{self.start}:{self.end}]"


class Correction(AnswerRow):
    """The response as the reviewer would have written it."""

    response = models.ForeignKey(Response, models.PROTECT, related_name="corrections")
    text = models.TextField()
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"text": ""}

    class Meta:
        constraints = [models.UniqueConstraint("review", "criterion", "response", name="correction_once")]

    def __str__(self) -> str:
        return self.text[:60]


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def current(self) -> VerdictQuerySet:
        return self.filter(is_current=True)


class Verdict(ProjectRow):
    """The settled judgement of a subject.

    `answers`: {criterion key: {kind, value, share, votes, n, …}}; its shape is in reviews/quality/README.md.
    Plain values from above (queue, rule, probability) are stamped when it is settled.
    """

    class Method(models.TextChoices):
        CONSENSUS = "consensus"
        ADJUDICATED = "adjudicated"
        GOLD = "gold"
        IMPORTED = "imported"

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="verdicts")
    rubric_version = models.ForeignKey(RubricVersion, models.PROTECT, related_name="verdicts")
    origin = models.CharField(max_length=60, help_text="The queue's key as a plain value.")
    method = models.CharField(max_length=12, choices=Method)
    answers = models.JSONField()
    is_failure = models.BooleanField(
        null=True, blank=True, help_text="By the criteria's fails_when; empty when none has one."
    )
    n_reviews = models.PositiveSmallIntegerField()
    review_ids = models.JSONField(default=list)
    settled_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)
    queue_label = models.CharField(max_length=120, blank=True)
    rule_label = models.CharField(max_length=120, blank=True, help_text="Sampling rule and version that drew it.")
    inclusion_probability = models.FloatField(null=True, blank=True)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    objects = VerdictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "subject", "rubric_version", "origin", condition=Q(is_current=True), name="verdict_current_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"]),
            models.Index(fields=["project", "created_at"], condition=Q(is_current=True), name="verdict_current_by_day"),
            models.Index(fields=["project"], condition=Q(is_current=False), name="verdict_ended"),
        ]

    def __str__(self) -> str:
        return f"verdict {self.pk} on {self.subject}"
