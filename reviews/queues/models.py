"""Queues, items, places and assignments: who judges what, exactly k times (DESIGN §4.2 to §4.5).

The verbs that hand out, take back and fill places are processes of their own: claim.py, submit.py, items.py. What is
here is the schema that makes their promises structural.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse

from feedback.accounts.models import Member, ProjectRow
from feedback.hot import HotQuery
from feedback.judgements.models import Review
from feedback.permissions import VERBS
from feedback.responses.models import Response, Subject
from feedback.responses.texts import text_rows, with_passages
from feedback.rubrics.models import RubricVersion
from reviews.queues.admission_models import Admission as Admission
from reviews.queues.admission_models import Qualification as Qualification
from reviews.queues.admission_models import QueueQuerySet, is_named
from reviews.queues.care_models import OptOut as OptOut
from reviews.queues.care_models import unwanted
from reviews.queues.escalation_models import Escalation as Escalation
from reviews.queues.escalation_models import EscalationMessage as EscalationMessage
from reviews.queues.escalation_models import MemberSkill as MemberSkill
from reviews.queues.restriction_models import Restriction as Restriction
from reviews.queues.restriction_models import restricted, stands_between


class Queue(ProjectRow):
    class State(models.TextChoices):
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    class Order(models.TextChoices):
        ARRIVAL = "arrival", "In order of arrival"
        RANDOM = "random"

    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    rubric_version = models.ForeignKey(RubricVersion, models.PROTECT, related_name="queues")
    moved_from = models.ForeignKey(
        RubricVersion, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The version before; the way back while nobody has begun under the present one.",
    )  # fmt: skip
    k = models.PositiveSmallIntegerField(default=2, help_text="Reviews per item, from different people.")
    order = models.CharField(max_length=8, choices=Order, default=Order.ARRIVAL)
    lease_seconds = models.PositiveIntegerField(default=1800)
    lease_cap_seconds = models.PositiveIntegerField(default=4 * 3600, help_text="No heartbeat holds a place longer.")
    grace_seconds = models.PositiveIntegerField(default=60, help_text="How long a submit can be undone.")
    shows_model = models.BooleanField(default=False, help_text="Whether reviewers see which model wrote a response.")
    shows_critic = models.BooleanField(default=False)
    hourly_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Reviews that one person may send in an hour; empty for no cap.",
    )
    daily_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Reviews that one person may send in 24 hours; empty for no cap.",
    )
    due_on = models.DateField(null=True, blank=True, help_text="When its items should be settled.")
    takes_imports = models.BooleanField(default=False, help_text="Filled by imported labels; nobody claims from it.")
    is_restricted = models.BooleanField(
        default=False, db_default=False, help_text="Only the people named in its admissions may claim."
    )
    skill = models.CharField(
        max_length=MemberSkill.LONGEST,
        blank=True,
        default="",
        db_default="",
        help_text="Only who has this skill may claim.",
    )
    is_training = models.BooleanField(
        default=False, db_default=False, help_text="People learn here: what was expected is told after each review."
    )
    training = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="opens", help_text="Must be passed before claiming."
    )
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "key", name="queue_once"),
            models.CheckConstraint(condition=Q(k__gte=1), name="queue_k_at_least_one"),
        ]

    def __str__(self) -> str:
        return self.name

    def admits(self, member: Member) -> bool:
        """Whether this person may claim here: everybody, those who are named or have its skill, after the training
        where one is, and nobody whom a moderator restricted.
        """
        asked_for = not self.is_restricted or self.admissions.filter(member=member).exists()
        asked_for = asked_for and (not self.skill or member.skills.filter(tag=self.skill).exists())
        return asked_for and not self.wants_training_of(member) and not self.keeps_out(member)

    def keeps_out(self, member: Member) -> bool:
        """Whether a moderator restricted this person, here or everywhere."""
        return stands_between(member, self)

    def wants_training_of(self, member: Member) -> bool:
        """Whether a training comes first that this person has not passed."""
        passed = Qualification.objects.filter(queue=self.training_id, member=member)
        return self.training_id is not None and not passed.exists()

    def version_of(self, item: Item) -> RubricVersion:
        """What it is judged under. Gold keeps the version in force: no statement more may tell it from others."""
        kept = item.kept_version if item.kept_version_id != self.rubric_version_id else None
        return kept or self.rubric_version


class QueueCount(ProjectRow):
    """What the sweep counted last in a long queue (counts.py). A queue without one is counted when it is asked."""

    queue = models.OneToOneField(Queue, models.CASCADE, primary_key=True, related_name="count")
    by_state = models.JSONField(help_text="State of items: [items, places they ask for, filled ones].")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.queue} at {self.counted_at:%H:%M:%S}"


class Lane(models.Model):
    """The next free position of a lane; its row is locked while places are appended."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="lanes")
    number = models.PositiveSmallIntegerField(help_text="Priority: 0 is served first and takes what was given back.")
    next_pos = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "number", name="lane_once")]

    def __str__(self) -> str:
        return f"{self.queue_id} lane {self.number}"


class ItemQuerySet(models.QuerySet["Item"]):
    def newest(self) -> ItemQuerySet:
        """Not those whose subject was asked about again since."""
        return self.filter(later__isnull=True)

    def begun(self) -> ItemQuerySet:
        """Somebody has had a turn at it."""
        return self.filter(Exists(Assignment.objects.filter(item=OuterRef("pk"))))

    def stuck(self) -> ItemQuerySet:
        """Open items with an open place that everybody who may claim from the queue has had a turn at already."""
        turn = Assignment.objects.filter(item=OuterRef(OuterRef("pk")), reviewer=OuterRef("pk"))
        queue = Queue.objects.filter(is_named(OuterRef(OuterRef("pk"))), pk=OuterRef(OuterRef("queue")))
        members = Member.objects.active().filter(project=OuterRef("project"), role__in=VERBS["review"])
        kept_out = restricted(OuterRef("pk"), OuterRef(OuterRef("queue")))
        willing = members.filter(Exists(queue), ~unwanted(OuterRef("pk"), OuterRef(OuterRef("pk"))))
        willing = willing.exclude(kept_out)
        return self.filter(
            Exists(Place.objects.filter(item=OuterRef("pk"), state=Place.State.OPEN, is_extra=False)),
            ~Exists(willing.filter(~Exists(turn))),
            state=Item.State.OPEN,
        )


class Item(ProjectRow):
    class State(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete", "All reviews in"
        SETTLED = "settled"
        UNRESOLVED = "unresolved", "In dispute"
        WITHDRAWN = "withdrawn"

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="items")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="items")
    k = models.PositiveSmallIntegerField(help_text="Places that are not withdrawn.")
    lane = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    n_filled = models.PositiveSmallIntegerField(
        default=0, help_text="Filled places; kept in the transaction that fills."
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    settle_after = models.DateTimeField(null=True, blank=True, help_text="When the grace of the last submit is over.")
    # How it was drawn, as plain values: sampling is a higher room.
    inclusion_probability = models.FloatField(null=True, blank=True)
    rule_label = models.CharField(max_length=120, blank=True)
    rule_version_id = models.BigIntegerField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)
    stratum = models.CharField(max_length=100, blank=True)
    kept_version = models.ForeignKey(
        RubricVersion, models.PROTECT, null=True, blank=True, db_index=False, related_name="+",
        help_text="What it is judged under since its queue moved on; empty: what its queue has.",
    )  # fmt: skip
    earlier = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, db_index=False, related_name="later",
        help_text="The item of the same subject that this one asks about again, under a newer version.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "subject"], condition=Q(earlier__isnull=True), name="item_first_once"
            ),
            models.UniqueConstraint(fields=["earlier"], condition=Q(earlier__isnull=False), name="item_again_once"),
            models.CheckConstraint(
                condition=Q(inclusion_probability__isnull=True)
                | Q(inclusion_probability__gt=0, inclusion_probability__lte=1),
                name="inclusion_probability_is_one",
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "settle_after"], condition=Q(state="complete"), name="item_to_settle"),
            models.Index(fields=["project", "-id"], condition=Q(state="unresolved"), name="item_unresolved"),
            models.Index(fields=["project", "-id"], condition=Q(state="withdrawn"), name="item_withdrawn"),
            models.Index(fields=["run_id"]),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"

    @property
    def rubric_version(self) -> RubricVersion:
        return self.queue.version_of(self)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def live(self) -> AssignmentQuerySet:
        """Claims whose place is still held."""
        return self.filter(state=Assignment.State.CLAIMED, place__state=Place.State.CLAIMED)

    def orphaned(self) -> AssignmentQuerySet:
        """Claims whose place was given back or has expired; their token and draft live on."""
        return self.filter(state=Assignment.State.CLAIMED, place__isnull=True)


class Assignment(ProjectRow):
    """One reviewer's turn at an item. The claim token survives expiry; the place is what the lease is on."""

    class State(models.TextChoices):
        CLAIMED = "claimed"
        SUBMITTED = "submitted"
        SURPLUS = "surplus"
        SKIPPED = "skipped"
        NOT_QUALIFIED = "not_qualified", "not qualified"
        INVALIDATED = "invalidated"

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="assignments")
    item = models.ForeignKey(Item, models.CASCADE, related_name="assignments", db_index=False)  # assignment_once
    reviewer = models.ForeignKey(Member, models.PROTECT, related_name="assignments", db_index=False)  # Meta.indexes
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=13, choices=State, default=State.CLAIMED)
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    claimed_at = models.DateTimeField(db_default=Now())
    shown_order = models.JSONField(default=list, blank=True)
    visible = models.JSONField(default=dict, blank=True)
    draft = models.JSONField(default=dict, blank=True)
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    review = models.OneToOneField(
        Review,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignment",
        help_text="The newest; a withdrawn one while the reviewer edits again after an undo.",
    )
    is_extra = models.BooleanField(default=False, db_default=False, help_text="Of an extra place.")
    skip_reason = models.CharField(max_length=60, blank=True)
    skip_note = models.TextField(blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("item", "reviewer", "round", name="assignment_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "surplus"]) | Q(review__isnull=False, submitted_at__isnull=False),
                name="assignment_submitted_has_review",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "queue"], condition=Q(state="claimed"), name="assignment_claimed"),
            models.Index(fields=["reviewer", "-submitted_at"]),
            models.Index(fields=["item", "submitted_at"], condition=Q(state="surplus"), name="assignment_surplus"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.item}"

    @property
    def rubric_version(self) -> RubricVersion:
        return self.queue.version_of(self.item)

    def undo_path(self, project: str) -> str:
        """Where its newest review is taken back. It is named, so that a repeat that comes late takes back no other."""
        return f"{reverse('queues:undo', kwargs={'project': project, 'token': self.token})}?review={self.review_id}"

    def shown(self) -> list[Response]:
        """The responses with their texts and passages, in the order drawn for this reviewer."""
        rows, order = with_passages(responses_on.rows(item=self.item_id)), self.shown_order
        return sorted(rows, key=lambda response: order.index(response.pk)) if order else rows


@HotQuery
def responses_on(item: Any) -> models.QuerySet[Response]:
    return text_rows(Response.objects.filter(subject_parts__subject__items=item).order_by("subject_parts__position"))


class Place(ProjectRow):
    """One of the k openings on an item."""

    class State(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        FILLED = "filled"
        WITHDRAWN = "withdrawn"

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="places", db_index=False)  # place_pos_once
    item = models.ForeignKey(Item, models.CASCADE, related_name="places", db_index=False)  # place_once
    number = models.PositiveSmallIntegerField()
    lane = models.PositiveSmallIntegerField()
    pos = models.PositiveBigIntegerField(help_text="Append-only within the lane.")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    assignment = models.OneToOneField(Assignment, models.PROTECT, null=True, blank=True, related_name="place")
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    reserved_for = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    hidden_until = models.DateTimeField(null=True, blank=True)
    is_extra = models.BooleanField(
        default=False, db_default=False, help_text="Beside the item's k: counts for neither its state nor its verdict."
    )
    after_submits = models.IntegerField(
        null=True, blank=True, help_text="Comes up after so many submits in this queue of whom it is kept for."
    )
    submits_since = models.DateTimeField(null=True, blank=True, help_text="From when those submits are counted.")
    round = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,
        help_text="From 2 on: its person is asked again, after their turn of the round before.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("item", "number", name="place_once"),
            models.UniqueConstraint("queue", "lane", "pos", name="place_pos_once"),
            models.CheckConstraint(
                condition=Q(state="claimed", assignment__isnull=False, lease_until__isnull=False)
                | Q(state="filled", assignment__isnull=False, lease_until__isnull=True)
                | Q(state__in=["open", "withdrawn"], assignment__isnull=True, lease_until__isnull=True),
                name="place_state_is_whole",
            ),
            models.CheckConstraint(condition=Q(round=1) | Q(is_extra=True), name="place_again_is_extra"),
        ]
        indexes = [
            models.Index(fields=["queue", "lane", "pos"], condition=Q(state="open"), name="place_open"),
            models.Index(fields=["queue", "lease_until"], condition=Q(state="claimed"), name="place_leased"),
            models.Index(fields=["lease_until"], condition=Q(state="claimed"), name="place_due"),
            models.Index(
                fields=["queue", "reserved_for", "hidden_until"],
                condition=Q(state="open") & (Q(reserved_for__isnull=False) | Q(hidden_until__isnull=False)),
                name="place_apart",
            ),
        ]

    def __str__(self) -> str:
        return f"place {self.number} of {self.item_id}"


class Front(models.Model):
    """Up to where a reviewer has seen a lane: every open place before it is not for them (README, "Fronts")."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="fronts")
    lane = models.PositiveSmallIntegerField()
    reviewer = models.ForeignKey(Member, models.CASCADE, related_name="fronts")
    pos = models.PositiveBigIntegerField(default=0)
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="Of lane 0: when the reviewer's last full look found nothing."
    )

    class Meta:
        constraints = [models.UniqueConstraint("queue", "lane", "reviewer", name="front_once")]

    def __str__(self) -> str:
        return f"{self.reviewer_id} at {self.queue_id}/{self.lane}:{self.pos}"
