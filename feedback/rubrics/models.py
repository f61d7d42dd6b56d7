"""What is judged and how: rubrics, their criteria, and the guidelines that teach them. A version never changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from feedback.accounts.models import Member, ProjectRow


class Guideline(ProjectRow):
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint("project", "name", name="guideline_once")]

    def __str__(self) -> str:
        return self.name


class GuidelineVersion(ProjectRow):
    guideline = models.ForeignKey(Guideline, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="Markdown.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("guideline", "number", name="guideline_version_once")]

    def __str__(self) -> str:
        return f"{self.guideline} {self.number}"


class Rubric(ProjectRow):
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "name", name="rubric_once")]

    def __str__(self) -> str:
        return self.name


class RubricVersion(ProjectRow):
    rubric = models.ForeignKey(Rubric, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    guideline = models.ForeignKey(
        GuidelineVersion, models.PROTECT, null=True, blank=True, related_name="rubric_versions"
    )
    subject_size = models.PositiveSmallIntegerField(
        default=1, help_text="1 judges a response, 2 compares a pair, more are ranked."
    )
    frozen_at = models.DateTimeField(
        null=True, blank=True, help_text="When a queue first used it; it never changes after."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("rubric", "number", name="rubric_version_once")]

    def __str__(self) -> str:
        return f"{self.rubric} {self.number}"


class Reading(ProjectRow):
    """Somebody has read a version: what it asks, and its guideline."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="readings", db_index=False)  # reading_once
    rubric_version = models.ForeignKey(RubricVersion, models.CASCADE, related_name="readings")
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "rubric_version", name="reading_once")]

    def __str__(self) -> str:
        return f"{self.member} read {self.rubric_version}"


class Criterion(ProjectRow):
    """One question of a rubric version.

    `options` by kind: scale {min, max, step?, typed?, anchors: {"1": "No use"}}; choice {choices: [{value, label,
    help?}]}; multi_choice the same with {min_chosen?, max_chosen?}; per_turn the same with {of: "assistant" | "step",
    required_turns?: "all" | "any"}; spans {kinds: [{value, label}], severities: [{value, label}]}; comparison
    {strengths: 1..3, both_bad: bool}; ranking {responses: 2..8, ties: bool}; best_worst {responses: 3..8}; correction
    and text {max_length?}. `fails_when`: which settled answers count as a failure, {"below": 3} for a scale, {"values":
    ["no"]} for yes/no and the choices, {"any": true} for spans. `asked_when`: {"criterion": key of an earlier one} with
    "values", "any", "below" or "at_least"; empty is always (conditions.py).
    """

    class Kind(models.TextChoices):
        SCALE = "scale"
        YES_NO = "yes_no", "Yes or no"
        CHOICE = "choice"
        MULTI_CHOICE = "multi_choice", "Choice of several"
        PER_TURN = "per_turn", "Choice for each turn"
        TEXT = "text"
        SPANS = "spans"
        COMPARISON = "comparison"
        RANKING = "ranking"
        BEST_WORST = "best_worst", "Best and worst"
        CORRECTION = "correction"

    rubric_version = models.ForeignKey(RubricVersion, models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=200)
    help_text = models.CharField(max_length=500, blank=True)
    is_required = models.BooleanField(default=True)
    options = models.JSONField(default=dict, blank=True)
    fails_when = models.JSONField(default=dict, blank=True)
    asked_when = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True, help_text="Empty: always."
    )

    class Meta:
        verbose_name_plural = "criteria"
        ordering = ["rubric_version_id", "position"]
        constraints = [
            models.UniqueConstraint("rubric_version", "key", name="criterion_once"),
            models.CheckConstraint(condition=~Q(key=""), name="criterion_has_key"),
        ]

    def __str__(self) -> str:
        return self.label


# Answered by what stands in `choices`.
OF_CHOICES = frozenset({Criterion.Kind.CHOICE, Criterion.Kind.MULTI_CHOICE, Criterion.Kind.PER_TURN})
# Answered by tiers of response ids, the best first. Of the best and the worst these are three: the best one, the
# others, of whose order among them nothing is said, the worst one.
RANKED = frozenset({Criterion.Kind.RANKING, Criterion.Kind.BEST_WORST})


class RubricDraft(ProjectRow):
    """The next version of a rubric as one person is writing it. Nothing of it is checked until it is published."""

    rubric = models.ForeignKey(Rubric, models.CASCADE, related_name="drafts")
    author = models.ForeignKey(Member, models.CASCADE, related_name="rubric_drafts")
    based_on = models.ForeignKey(RubricVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    definitions = models.JSONField(default=list, blank=True, help_text="As typed, in the shape of publish.")
    guideline = models.TextField(blank=True, help_text="Markdown.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("rubric", "author", name="rubric_draft_once")]

    def __str__(self) -> str:
        return f"draft of {self.rubric}"
