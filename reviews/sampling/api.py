"""The API of sampling: rules, starting a run, asking how it fares."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION
from reviews.sampling import examples
from reviews.sampling.models import SamplingRule, SamplingRuleVersion, SamplingRun

LISTED = 100


@extend_schema_serializer(examples=[examples.RUN])
class SamplingRunSerializer(serializers.ModelSerializer[SamplingRun]):
    rule = serializers.CharField(source="rule_version.rule.key", read_only=True)
    version = serializers.IntegerField(source="rule_version.number", read_only=True)
    queue = serializers.CharField(source="rule_version.queue.key", read_only=True)

    class Meta:
        model = SamplingRun
        fields = [
            "id", "rule", "version", "queue", "tick", "state", "error", "lowest_id", "highest_id", "population",
            "n_drawn", "n_added", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class RuleVersionSerializer(serializers.ModelSerializer[SamplingRuleVersion]):
    queue = serializers.CharField(source="queue.key", read_only=True)

    class Meta:
        model = SamplingRuleVersion
        fields = ["number", "queue", "filter", "method", "rate", "size", "seed", "k", "lane", "created_at"]


@extend_schema_serializer(examples=[examples.RULE])
class SamplingRuleSerializer(serializers.ModelSerializer[SamplingRule]):
    class Meta:
        model = SamplingRule
        fields = ["key", "name", "is_active", "interval_minutes", "created_at"]


@extend_schema_serializer(examples=[examples.RULE_DETAIL])
class SamplingRuleDetailSerializer(SamplingRuleSerializer):
    versions = serializers.SerializerMethodField(help_text="Newest first; a run takes the first.")

    class Meta(SamplingRuleSerializer.Meta):
        fields = [*SamplingRuleSerializer.Meta.fields, "versions"]

    @extend_schema_field(RuleVersionSerializer(many=True))
    def get_versions(self, rule: SamplingRule) -> Any:
        newest = rule.versions.select_related("queue").order_by("-number")[:LISTED]
        return RuleVersionSerializer(newest, many=True).data


class RuleList(ProgramList):
    """List sampling rules."""

    serializer_class = SamplingRuleSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[SamplingRule]:
        return project.samplingrules.all()


class RuleDetail(ProgramDetail):
    """Read a sampling rule.

    With its newest 100 versions: what it draws from, how much, and into which queue.
    """

    serializer_class, lookup_field = SamplingRuleDetailSerializer, "key"

    def rows(self, project: Project) -> QuerySet[SamplingRule]:
        return project.samplingrules.all()


class RuleRun(ProgramView):
    @extend_schema(request=None, responses={202: SamplingRunSerializer}, parameters=[IDEMPOTENCY_KEY, LOCATION])
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        """Start a run.

        Of the rule's newest version. An unfinished run of the rule is answered instead of a second one. Follow it at
        `Location` until its state is `done`.
        """
        rule: SamplingRule = get_object_or_404(self.project.samplingrules, key=key)
        run = rule.start(by=self.member)
        headers = {"Location": reverse("api:run-detail", args=[run.pk])}
        return Response(SamplingRunSerializer(run).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class RunDetail(ProgramDetail):
    """Read a run.

    Its state, its frozen bounds, and how much it drew and added to the queue.
    """

    serializer_class = SamplingRunSerializer

    def rows(self, project: Project) -> QuerySet[SamplingRun]:
        return project.samplingruns.select_related("rule_version__rule", "rule_version__queue")
