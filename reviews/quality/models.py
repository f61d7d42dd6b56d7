"""What could not be settled by rule and waits for a moderator; figures that a worker computes from reviews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project, ProjectRow
from feedback.jobs import Job, JobQuerySet
from feedback.judgements.models import Review, Verdict
from reviews.quality.critic_models import CriticLook
from reviews.quality.effort_models import HourlyCost
from reviews.quality.gold_models import GoldCheck, GoldItem, GoldRevision, GoldSetting, GoldTurn, TrainingCourse
from reviews.quality.inbox_models import DecisionsRead
from reviews.quality.reliability_models import ReviewerMeasure, ReviewerNotice
from reviews.quality.repeat_models import RepeatSetting, RepeatTurn
from reviews.quality.subgroup_models import ReviewerAttribute, StatedAttribute
from reviews.queues.models import Assignment, Item, Queue

__all__ = [
    "Adjudication", "CriticLook", "DecisionsRead", "GoldCheck", "GoldItem", "GoldRevision", "GoldSetting", "GoldTurn",
    "HourlyCost", "RepeatSetting", "RepeatTurn", "ReviewerAttribute", "ReviewerMeasure", "ReviewerNotice",
    "StatedAttribute", "TrainingCourse",
]  # fmt: skip


class AdjudicationQuerySet(models.QuerySet["Adjudication"]):
    def open(self) -> AdjudicationQuerySet:
        """Waiting for a moderator: not while the item is being reviewed again, or withdrawn."""
        return self.filter(settled_at__isnull=True, item__state=Item.State.UNRESOLVED)

    def by_worth(self) -> AdjudicationQuerySet:
        """The most valuable first, then the oldest."""
        return self.order_by("-value", "pk")

    def after(self, one: Adjudication | None, *, oldest: bool = False) -> AdjudicationQuerySet:
        """Those behind one in that order, or in the order in which they were opened."""
        if one is None:
            return self
        behind = Q(pk__gt=one.pk) if oldest else Q(value__lt=one.value) | Q(value=one.value, pk__gt=one.pk)
        return self.filter(behind)

    def not_reviewed_by(self, member: Member) -> AdjudicationQuerySet:
        """Those that this person may settle: they never submitted a review of the item, also none taken back."""
        turns = Assignment.objects.filter(item=OuterRef("item"), reviewer=member, review__isnull=False)
        mine = Review.objects.filter(
            subject=OuterRef("item__subject"), origin=OuterRef("item__queue__key"), reviewer=member
        )
        return self.filter(~Exists(turns), ~Exists(mine))


class Adjudication(ProjectRow):
    """A dispute opened by the settling sweep, closed by a moderator who did not review the item."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="adjudications")
    disputed = models.JSONField(default=list, help_text="Keys of the criteria without a winner.")
    value = models.FloatField(default=1.0, db_default=1.0, help_text="What settling it is worth: worth.py.")
    opened_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.OneToOneField(Verdict, models.PROTECT, null=True, blank=True, related_name="adjudication")

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("item", condition=Q(settled_at__isnull=True), name="adjudication_open_once"),
        ]
        indexes = [
            models.Index(
                fields=["project", "-value", "id"], condition=Q(settled_at__isnull=True), name="adjudication_by_value"
            ),
        ]

    def __str__(self) -> str:
        return f"dispute on {self.item}"


class OverlapPolicy(ProjectRow):
    """How surely a queue wants to know, and how many reviews it pays for at most (overlap.py)."""

    class Decides(models.TextChoices):
        MAJORITY = "majority", "Most reviewers"
        RELIABILITY = "reliability", "Reviewers weighed by how often they are right"

    queue = models.OneToOneField(Queue, models.CASCADE, related_name="overlap_policy")
    is_on = models.BooleanField(default=True, help_text="Ask for more reviews where an answer is not clear.")
    target = models.FloatField(default=0.9, help_text="The chance that the leading answer is right, to stop at.")
    most = models.PositiveSmallIntegerField(default=4, help_text="Reviews of one item, at most.")
    decides = models.CharField(max_length=11, choices=Decides, default=Decides.MAJORITY)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(target__gt=0.5, target__lt=1), name="overlap_target_is_a_chance"),
            models.CheckConstraint(condition=Q(most__gte=1), name="overlap_most_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.queue}: {self.target:.0%}, at most {self.most}"


class LabelModel(ProjectRow):
    """What the reviews of a queue say of one question: shares of the answers, and how often each reviewer is right.

    Dawid and Skene with one chance a reviewer (feedback/statistics/aggregation.py), computed anew as reviews come in.
    """

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="label_models")
    criterion = models.CharField(max_length=60)
    shares = models.JSONField(help_text="Answer: its share among items.")
    accuracy = models.JSONField(help_text="Member id: the chance that an answer is right.")
    n_items = models.PositiveIntegerField()
    n_labels = models.PositiveIntegerField()
    upto = models.BigIntegerField(help_text="The newest review that it counts.")
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "criterion", name="label_model_once")]

    def __str__(self) -> str:
        return f"{self.criterion} in {self.queue}"


class Analysis(ProjectRow, Job):
    """Figures that a worker computes from reviews under filters: computed once for each state of the reviews.

    Pages show the newest that is done; a newer one takes its place. `result`: its shape is in README.md.
    """

    class Kind(models.TextChoices):
        LEADERBOARD = "leaderboard"
        AGREEMENT = "agreement"
        RELIABILITY = "reliability"
        EFFORT = "effort"
        SUBGROUPS = "subgroups"
        PROPOSALS = "proposals"

    KEPT_DAYS: ClassVar[int] = 30
    bell: ClassVar[str] = "stats"
    may_retry: ClassVar[bool] = True
    named_by: ClassVar[tuple[str, ...]] = ("project",)

    project = models.ForeignKey(Project, models.CASCADE, related_name="analyses")
    kind = models.CharField(max_length=11, choices=Kind)
    filters = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of kind and filters.")
    data_state = models.CharField(max_length=100, help_text="Names the reviews that were there, and today.")
    result = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "analyses"
        constraints = [
            models.UniqueConstraint(
                "project", "digest", "data_state", condition=~Q(state__in=["failed", "cancelled"]), name="analysis_once"
            ),
        ]
        indexes = [models.Index(fields=["project", "digest", "-id"])]

    def __str__(self) -> str:
        words = ", ".join(f"{name} {value}" for name, value in self.filters.items())
        return f"{self.get_kind_display().capitalize()}{f' ({words})' if words else ''}"

    @classmethod
    def under(cls, project: Project, kind: str, filters: Mapping[str, Any]) -> JobQuerySet:
        """Those that were asked for under the same filters, the newest first."""
        return cls.objects.filter(project=project, digest=digest_of(kind, filters)).order_by("-pk")

    @classmethod
    def ask(cls, project: Project, kind: str, filters: Mapping[str, Any]) -> Analysis:
        """The one of the reviews as they are now: computed, under way, or begun by this."""
        now = {"digest": digest_of(kind, filters), "data_state": data_state(project, kind)}
        known: Any = cls.objects.filter(project=project, **now).exclude(state__in=["failed", "cancelled"]).first()
        if known is None:
            with suppress(IntegrityError), transaction.atomic():
                begun = cls.objects.create(project=project, kind=kind, filters=dict(filters), **now)
                begun.ring()
            known = cls.objects.filter(project=project, **now).latest("pk")
        return cast(Analysis, known)

    @property
    def is_newest(self) -> bool:
        """Whether the reviews are still those that it was computed from."""
        return self.data_state == data_state(self.project, self.kind)

    @property
    def query(self) -> str:
        return urlencode(self.filters)

    def get_absolute_url(self) -> str:
        return f"{reverse(f'quality:{self.kind}', args=[self.project.slug])}?{self.query}"

    def prepare(self) -> Any:
        """Read and compute; numpy, scipy and their kin are loaded by workers only."""
        from importlib import import_module

        process = import_module(f"reviews.quality.{self.kind}")
        return process.compute(self.project_id, self.filters, self.heartbeat)

    def step(self) -> bool:
        """Keep the figures, and let go of those they replace and of what nobody asked for in a while."""
        self.result = self.prepared
        if self.kind == self.Kind.RELIABILITY and not self.filters:
            from reviews.quality import notices  # which is written in terms of these models

            notices.keep(self.project, self.prepared)
        rows = Analysis.objects.filter(project=self.project_id).exclude(pk=self.pk)
        rows.filter(digest=self.digest, state__in=["done", "failed", "cancelled"], pk__lt=self.pk).delete()
        rows.filter(created_at__lt=timezone.now() - timedelta(days=self.KEPT_DAYS)).delete()
        return True


def digest_of(kind: str, filters: Mapping[str, Any]) -> str:
    canonical = json.dumps({"kind": kind, "filters": dict(filters)}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def data_state(project: Project, kind: str = "") -> str:
    """Names the project's reviews as they are, for the price of two looks into indexes: the newest one, how many were
    taken back and when the last was. And the day, since filters speak of the last days.
    """
    newest = project.reviews.order_by("-pk").values_list("pk", flat=True).first() or 0
    gone = project.reviews.taken_back().aggregate(
        n=Count("pk"), undone=Max("withdrawn_at"), ended=Max("invalidated_at")
    )
    stamps = [f"{moment.timestamp():.3f}" if moment else "" for moment in (gone["undone"], gone["ended"])]
    state = [timezone.now().astimezone(UTC).date().isoformat(), str(newest), str(gone["n"]), *stamps]
    if kind == Analysis.Kind.EFFORT:  # which counts verdicts and what an hour costs
        verdict = project.verdicts.order_by("-pk").values_list("pk", flat=True).first() or 0
        state += [str(verdict), str(HourlyCost.objects.filter(project=project).first() or "")]
    if kind == Analysis.Kind.SUBGROUPS:
        stated = StatedAttribute.objects.filter(project=project).aggregate(n=Count("pk"), top=Max("pk"))
        state += [str(stated["n"]), str(stated["top"])]
    return "/".join(state)
