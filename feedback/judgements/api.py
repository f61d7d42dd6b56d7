"""Reading reviews and verdicts. People appear under their pseudonyms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import ProgramList
from feedback.accounts.models import Project
from feedback.accounts.sparse import Reads, SparseSerializer
from feedback.judgements import examples
from feedback.judgements.filters import ReviewFilter, VerdictFilter
from feedback.judgements.models import Review, Verdict
from feedback.judgements.record import ANSWER_ROWS, answers_of
from feedback.responses.models import Subject, SubjectResponse

PARTS = SubjectResponse.objects.select_related("response").only("subject", "position", "response__external_id")
RESPONSES = Reads(("subject__id",), (Prefetch("subject__parts", PARTS),))
RUBRIC = Reads(("rubric_version__number", "rubric_version__rubric__name"))
ANSWERS = Reads(("rubric_version__created_at",), tuple(name for name in ANSWER_ROWS if name != "rubric_version"))


class SubjectResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="response_id")
    external_id = serializers.CharField(source="response.external_id")


@extend_schema_field(SubjectResponseSerializer(many=True))
class ResponsesField(serializers.Field[Subject, Any, Any, Any]):
    """The responses of a subject in its order: answers name them by id."""

    def to_representation(self, subject: Subject) -> list[dict[str, Any]]:
        parts = sorted(subject.parts.all(), key=lambda part: part.position)
        return [dict(SubjectResponseSerializer(part).data) for part in parts]


class RubricField(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="rubric.name")
    number = serializers.IntegerField()


@extend_schema_serializer(examples=[examples.REVIEW])
class ReviewSerializer(SparseSerializer, serializers.ModelSerializer[Review]):
    reads: ClassVar[Mapping[str, Reads]] = {"responses": RESPONSES, "rubric_version": RUBRIC, "answers": ANSWERS}

    queue = serializers.CharField(source="origin")
    responses = ResponsesField(source="subject", read_only=True)
    rubric_version = RubricField()
    reviewer = serializers.CharField(source="reviewer.pseudonym", help_text="Pseudonym.")
    imported_from = serializers.CharField(source="reviewer.source", help_text="Its source, empty for our own.")
    answers = serializers.SerializerMethodField(help_text="{criterion key: answer}, as it was submitted.")

    class Meta:
        model = Review
        fields = [
            "id", "subject", "responses", "queue", "rubric_version", "reviewer", "imported_from", "round", "revision",
            "answers", "note", "shown_order", "visible", "active_ms", "submitted_at", "withdrawn_at", "invalidated_at",
            "digest",
        ]  # fmt: skip

    def get_answers(self, review: Review) -> dict[str, Any]:
        return answers_of(review)


@extend_schema_serializer(examples=[examples.VERDICT])
class VerdictSerializer(SparseSerializer, serializers.ModelSerializer[Verdict]):
    reads: ClassVar[Mapping[str, Reads]] = {"responses": RESPONSES, "rubric_version": RUBRIC}

    queue = serializers.CharField(source="origin")
    responses = ResponsesField(source="subject", read_only=True)
    rubric_version = RubricField()
    settled_by = serializers.CharField(source="settled_by.pseudonym", default="", help_text="Pseudonym of a moderator.")

    class Meta:
        model = Verdict
        fields = [
            "id", "subject", "responses", "queue", "queue_label", "rubric_version", "method", "answers", "is_failure",
            "n_reviews", "review_ids", "settled_by", "reason", "rule_label", "inclusion_probability", "is_current",
            "created_at", "superseded_at",
        ]  # fmt: skip


class ReviewList(ProgramList):
    """List reviews.

    Newest first, also those that were withdrawn or invalidated. People appear under their pseudonyms.
    """

    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter

    def rows(self, project: Project) -> QuerySet[Review]:
        return Review.objects.filter(project=project)


class VerdictList(ProgramList):
    """List verdicts.

    Newest first. `answers` holds, for each criterion, the settled value, its vote share and the votes.
    """

    serializer_class = VerdictSerializer
    filterset_class = VerdictFilter

    def rows(self, project: Project) -> QuerySet[Verdict]:
        return Verdict.objects.filter(project=project)
