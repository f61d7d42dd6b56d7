"""`/api/v1/assessments/`: send what critics said, and read it. `/api/v1/critics/`: who they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from feedback.accounts.api import ProgramList
from feedback.accounts.models import Project
from feedback.accounts.schema import IDEMPOTENCY_KEY
from feedback.audit.log import record
from feedback.critics import examples, schema
from feedback.critics.assess import Assessing
from feedback.critics.filters import AssessmentFilter
from feedback.critics.models import Assessment, Critic, CriticVersion
from feedback.responses.api import DeliveryView, listed, refused
from feedback.responses.ingest import Incoming, IngestResult
from feedback.responses.reading import from_json


class CriticVersionSerializer(serializers.ModelSerializer[CriticVersion]):
    class Meta:
        model = CriticVersion
        fields = ["id", "label", "model", "criteria", "created_at"]


@extend_schema_serializer(examples=[examples.CRITIC])
class CriticSerializer(serializers.ModelSerializer[Critic]):
    versions = CriticVersionSerializer(many=True)

    class Meta:
        model = Critic
        fields = ["id", "slug", "name", "created_at", "versions"]


class AssessedResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    external_id = serializers.CharField()


class AssessedSpanSerializer(serializers.Serializer[Any]):
    start = serializers.IntegerField(help_text="In code points of the output, from 0; half open.")
    end = serializers.IntegerField()
    quote = serializers.CharField()
    kind = serializers.CharField()
    severity = serializers.CharField(required=False)
    note = serializers.CharField(required=False)


@extend_schema_serializer(examples=[examples.ASSESSMENT])
class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    response = AssessedResponseSerializer()
    critic = serializers.CharField(source="version.critic.slug", help_text="The critic's slug.")
    version = serializers.CharField(source="version.label", help_text="The version's label.")
    spans = serializers.ListField(child=AssessedSpanSerializer())

    class Meta:
        model = Assessment
        fields = ["id", "response", "critic", "version", "score", "label", "spans", "reason", "created_at"]


class CriticList(ProgramList):
    """List critics.

    Newest first, each with its versions. They are made by the assessments that name them.
    """

    serializer_class = CriticSerializer

    def rows(self, project: Project) -> QuerySet[Critic]:
        return project.critics.prefetch_related("versions")


class AssessmentList(DeliveryView, ProgramList):
    """List assessments.

    Newest first: what critics said of responses.
    """

    serializer_class = AssessmentSerializer
    filterset_class = AssessmentFilter

    def rows(self, project: Project) -> QuerySet[Assessment]:
        return project.assessments.select_related("response", "version__critic")

    @extend_schema(
        request=schema.REQUEST,
        responses=schema.ANSWERS,
        filters=False,
        parameters=[IDEMPOTENCY_KEY],
        examples=examples.ASSESS,
    )
    def post(self, request: Request) -> Answer:
        return self.take(request)

    post.__doc__ = schema.DESCRIPTION

    def one(self, data: bytes) -> Answer:
        result = self.taken([from_json(0, data)])
        if result.refused:
            raise refused(result.refused[0])
        is_new = result.accepted == 1
        return Answer(
            {"result": "accepted" if is_new else "repeated"},
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        )

    def many(self, incoming: Iterable[Incoming]) -> Answer:
        result = self.taken(incoming)
        counts = {"accepted": result.accepted, "repeated": result.repeated, "refused_total": result.n_refused}
        return Answer({**counts, "refused": list(listed(result.refused))})

    def taken(self, incoming: Iterable[Incoming]) -> IngestResult:
        """Store them, and note in the audit log how many came, also when the stream broke in the middle."""
        delivery = Assessing(self.project)
        try:
            return delivery.take(incoming)
        finally:
            if delivery.result.accepted:
                accepted = delivery.result.accepted
                with transaction.atomic():
                    record("responses-assessed", self.project, project=self.project, request=self.request,
                           accepted=accepted)  # fmt: skip
