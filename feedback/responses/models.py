"""Responses as they came in, their passages, usage and price, and the subjects that are judged.

`Response` is the thin row that is filtered, drawn and counted; `ResponseBody` holds the large immutable texts, so that
stamping a fact never rewrites them. Facts that higher rooms know (queued, verdict, feedback) are plain columns here,
written from above.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from feedback.accounts.models import Member, ProjectRow
from feedback.erasing import name_of
from feedback.permissions import ADMIN
from feedback.prompts.models import PromptVersion
from feedback.responses.upload import Upload


class LanguageModel(ProjectRow):
    provider = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint("project", "provider", "name", name="language_model_once")]

    def __str__(self) -> str:
        return self.name


class PriceQuerySet(models.QuerySet["Price"]):
    def newest_first(self) -> PriceQuerySet:
        """In the order in which they are asked: the last day first, and of one day the row that was added last."""
        return self.order_by("-valid_from", "-pk")


class Price(ProjectRow):
    """Price of one million tokens of a model from a day on; used where a response comes without its cost.

    Rows are only added. A second row for the same day corrects the first.
    """

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="prices")
    valid_from = models.DateField()
    currency = models.CharField(max_length=3, default="USD")
    input = models.DecimalField(max_digits=12, decimal_places=6, validators=[MinValueValidator(0)])
    cached_input = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    output = models.DecimalField(max_digits=12, decimal_places=6, validators=[MinValueValidator(0)])
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = PriceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["model", "-valid_from", "-id"])]

    def __str__(self) -> str:
        return f"{self.model} from {self.valid_from}"

    @property
    def amounts(self) -> dict[str, str]:
        """What people read: no more decimals than were typed. Without a price of its own, cached input is empty."""
        given = {"input": self.input, "cached": self.cached_input, "output": self.output}
        return {name: "" if value is None else f"{value.normalize():f}" for name, value in given.items()}

    def of(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> Decimal:
        """The cost of one response, to nine decimals, ties to even. Cached tokens are part of the input tokens."""
        cached = min(cached_tokens, input_tokens)
        cached_price = self.input if self.cached_input is None else self.cached_input
        total = (input_tokens - cached) * self.input + cached * cached_price + output_tokens * self.output
        return (total / 1_000_000).quantize(Decimal("1e-9"), rounding=ROUND_HALF_EVEN)


class Origin(models.TextChoices):
    PRODUCTION = "production"
    REPLAY = "replay"
    IMPORT = "import"
    TEST = "test"


class IngestBatch(ProjectRow):
    """One delivery of responses: who sent it, and how its rows fared."""

    source = models.CharField(max_length=20, help_text="api, file or demo.")
    name = models.CharField(max_length=200, blank=True)
    accepted = models.PositiveBigIntegerField(default=0)
    repeated = models.PositiveBigIntegerField(default=0)
    filled = models.PositiveBigIntegerField(default=0, help_text="Known rows to which late parts were added.")
    refused = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.source} {self.name} {self.created_at:%Y-%m-%d %H:%M}"


class Response(ProjectRow):
    external_id = models.CharField(max_length=200)
    batch = models.ForeignKey(IngestBatch, models.SET_NULL, null=True, blank=True, related_name="responses")
    prompt_version = models.ForeignKey(PromptVersion, models.PROTECT, null=True, blank=True, related_name="responses")
    model = models.ForeignKey(LanguageModel, models.PROTECT, null=True, blank=True, related_name="responses")

    body_hash = models.CharField(max_length=64, help_text="Of the caller-owned immutable fields.")
    prompt_hash = models.CharField(max_length=64, help_text="Of the rendered messages and tools.")
    input_hash = models.CharField(max_length=64, help_text="Responses to the same input share it and are comparable.")
    fold_hash = models.CharField(max_length=64, help_text="Of the folded input, for duplicates and splits.")
    output_hash = models.CharField(max_length=64, help_text="SHA-256 of the output's canonical text; spans name it.")
    draw_key = models.FloatField(help_text="Uniform in [0, 1), from the project's salt and the external id.")

    conversation_id = models.CharField(max_length=200, blank=True)
    trace_id = models.CharField(max_length=64, blank=True)
    span_id = models.CharField(max_length=32, blank=True)
    subject_key = models.CharField(max_length=200, blank=True, help_text="The end user, as the application names them.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PRODUCTION)
    environment = models.CharField(max_length=60, blank=True)
    segment = models.CharField(max_length=100, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    consent = models.BooleanField(
        null=True, blank=True, help_text="Whether training on it is allowed; empty is unknown."
    )
    tags = models.JSONField(default=list, blank=True)

    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    cached_tokens = models.PositiveIntegerField(null=True, blank=True)
    reasoning_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True, blank=True)
    cost_is_given = models.BooleanField(default=False, help_text="False: computed from the price table.")
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    responded_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    # Facts from above
    is_queued = models.BooleanField(default=False)
    has_feedback = models.BooleanField(default=False)
    verdict = models.CharField(max_length=10, blank=True, help_text="passed or failed, by its newest verdict.")

    erased_by = models.BigIntegerField(null=True, blank=True, help_text="The erasure that it belongs to.")
    erased_at = models.DateTimeField(null=True, blank=True, help_text="When its texts and names were taken out.")

    ERASED: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            ("external_id", "body_hash", "prompt_hash", "input_hash", "fold_hash", "output_hash"), name_of()
        ),
        **dict.fromkeys(("conversation_id", "trace_id", "span_id", "subject_key", "segment"), ""),
        "tags": [],
    }

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "external_id", name="response_once"),
            models.CheckConstraint(condition=Q(draw_key__gte=0, draw_key__lt=1), name="draw_key_in_unit_interval"),
        ]
        indexes = [
            models.Index(fields=["project", "draw_key"]),
            models.Index(fields=["project", "-id"]),
            models.Index(fields=["project", "-responded_at", "-id"]),
            models.Index(fields=["project", "input_hash"]),
            models.Index(fields=["project", "conversation_id"]),
            models.Index(fields=["project", "trace_id"]),
            models.Index(fields=["prompt_version", "-id"]),
            models.Index(fields=["project", "subject_key"], condition=~Q(subject_key=""), name="response_of_end_user"),
            models.Index(fields=["erased_by"], condition=Q(erased_by__isnull=False), name="response_erased_by"),
        ]

    def __str__(self) -> str:
        return self.external_id


class ResponseBody(models.Model):
    """The immutable texts of a response, frozen by a trigger."""

    response = models.OneToOneField(Response, models.CASCADE, primary_key=True, related_name="body")
    messages = models.JSONField(
        help_text="The conversation up to the answer: [{role, content, name?, tool_calls?, …}]."
    )
    tools = models.JSONField(default=list, blank=True)
    variables = models.JSONField(null=True, blank=True)
    input_key = models.CharField(max_length=200, blank=True)
    output = models.TextField(help_text="The answer's canonical text; offsets of spans count its code points.")
    tool_calls = models.JSONField(default=list, blank=True, help_text="Calls that the answer makes.")
    parameters = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("messages", "tools", "tool_calls"), []),
        **dict.fromkeys(("parameters", "metadata"), {}),
        "variables": None,
        "input_key": "",
        "output": "",
    }

    def __str__(self) -> str:
        return self.output[:60]


class Passage(ProjectRow):
    """A retrieved or trusted source text shown beside a response."""

    response = models.ForeignKey(Response, models.CASCADE, related_name="passages", db_index=False)
    position = models.PositiveSmallIntegerField()
    external_id = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    url = models.CharField(max_length=2000, blank=True)
    store = models.CharField(max_length=100, blank=True)
    score = models.FloatField(null=True, blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("external_id", "title", "text", "url"), ""),
        "text_hash": name_of(),
    }

    class Meta:
        constraints = [models.UniqueConstraint("response", "position", name="passage_position_once")]
        ordering = ["response_id", "position"]

    def __str__(self) -> str:
        return self.title or self.text[:60]

    @property
    def link(self) -> str:
        """Its address where a browser may go there; the caller's text may hold any scheme."""
        return self.url if self.url.lower().startswith(("https://", "http://")) else ""


class UserFeedback(ProjectRow):
    """What an end user said about a response: a thumb, a score, a comment."""

    response = models.ForeignKey(Response, models.CASCADE, related_name="user_feedback")
    kind = models.CharField(max_length=40, default="rating")
    score = models.FloatField(null=True, blank=True)
    comment = models.TextField(blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("response", "kind", name="user_feedback_once_a_kind")]
        verbose_name_plural = "user feedback"

    def __str__(self) -> str:
        return f"{self.kind} {self.score}"


class Subject(ProjectRow):
    """What is judged: one response, or a set of 2..n responses to the same input."""

    key = models.CharField(max_length=200, help_text="Ids of its responses in ascending order, joined by '+'.")
    size = models.PositiveSmallIntegerField(default=1)
    input_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"input_hash": name_of()}

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "key", name="subject_once"),
            models.CheckConstraint(condition=Q(size__gte=1), name="subject_not_empty"),
        ]

    def __str__(self) -> str:
        return f"subject {self.key}"

    @staticmethod
    def key_of(response_ids: list[int]) -> str:
        return "+".join(str(pk) for pk in sorted(response_ids))

    def shown(self, order: list[int] | None = None) -> list[Response]:
        """Its responses with bodies, in the order given or that of the subject."""
        rows: list[Any] = list(
            Response.objects.filter(subject_parts__subject=self)
            .select_related("body")
            .order_by("subject_parts__position")
        )
        return sorted(rows, key=lambda response: order.index(response.pk)) if order else rows


class SubjectResponse(models.Model):
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="parts", db_index=False)
    response = models.ForeignKey(Response, models.CASCADE, related_name="subject_parts")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("subject", "response", name="subject_response_once"),
            models.UniqueConstraint("subject", "position", name="subject_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_id}: {self.response_id}"


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, member: Member) -> SavedFilterQuerySet:
        """A member's own and those that others share; own ones first, then by name."""
        rows = self.filter(Q(owner=member) | Q(is_shared=True), project=member.project_id)
        return rows.select_related("owner__user").order_by(
            models.Case(models.When(owner=member, then=0), default=1), "name", "id"
        )

    def changeable_by(self, member: Member) -> SavedFilterQuerySet:
        """A member's own; an admin also clears away what others share."""
        mine = Q(owner=member) | Q(is_shared=True) if member.role == ADMIN else Q(owner=member)
        return self.filter(mine, project=member.project_id)


class SavedFilter(ProjectRow):
    """A filter of the response list with its columns, under a name."""

    MOST = 100  # of one member

    owner = models.ForeignKey(Member, models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True, help_text="As it stands in the address, names in order.")
    is_shared = models.BooleanField(default=False, help_text="Whether others who see the project's responses see it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("project", "owner", "name", name="saved_filter_once")]
        indexes = [models.Index(fields=["project"], condition=Q(is_shared=True), name="saved_filter_shared")]

    def __str__(self) -> str:
        return self.name


class ResponseUpload(Upload):
    """A file of responses."""

    takes_csv = True

    batch = models.ForeignKey(IngestBatch, models.SET_NULL, null=True, blank=True, related_name="+")

    def get_absolute_url(self) -> str:
        return reverse("responses:upload-detail", args=[self.project.slug, self.pk])

    def take(self, chunk: list[Any]) -> tuple[dict[str, int], list[Any]]:
        from feedback.responses import uploaded  # which is written in terms of these models

        return uploaded.take(self, chunk)

    def shown(self, chunk: list[Any]) -> list[dict[str, Any]]:
        from feedback.responses import uploaded

        return uploaded.shown(self, chunk)

    def odd_columns(self) -> list[str]:
        from feedback.responses import uploaded

        return uploaded.odd_columns(self)

    def finished(self) -> None:
        if self.batch_id:
            IngestBatch.objects.filter(pk=self.batch_id).update(finished_at=Now())


class ChangedDay(ProjectRow):
    """A mark that responses of this day came in or were filled. Whoever adds days up takes the marks first, then looks:
    rows are only added here, so that senders never wait for one another."""

    day = models.DateField(help_text="Of `responded_at`, in UTC.")
    is_filled = models.BooleanField(default=False, help_text="Known responses got late parts.")

    class Meta:
        indexes = [models.Index(fields=["project", "day"])]

    def __str__(self) -> str:
        return f"{self.day}"

    @staticmethod
    def mark(project_id: int, moments: Iterable[datetime], *, is_filled: bool = False) -> None:
        """In the transaction that writes the responses of these moments."""
        days = sorted({moment.astimezone(UTC).date() for moment in moments})
        rows = [ChangedDay(project_id=project_id, day=day, is_filled=is_filled) for day in days]
        ChangedDay.objects.bulk_create(rows)
