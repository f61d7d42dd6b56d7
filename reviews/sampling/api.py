"""The API of sampling: start a rule's run, ask how it fares."""

from __future__ import annotations

import hashlib

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.sampling.models import SamplingRule, SamplingRun


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


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The same key gives the same run."
)


class RuleRun(APIView):
    @extend_schema(request=None, responses={202: SamplingRunSerializer}, parameters=[IDEMPOTENCY_KEY])
    def post(self, request: Request, key: str) -> Response:
        """Start a run of the rule's newest version. An unfinished run of the rule is given back instead of a second."""
        rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)  # type: ignore[attr-defined]
        mark = request.headers.get("Idempotency-Key", "")
        tick = "key-" + hashlib.sha256(mark.encode()).hexdigest()[:32] if mark else ""
        run = rule.start(tick, by=request.member)  # type: ignore[attr-defined]
        headers = {"Location": reverse("api:run-detail", args=[run.pk])}
        return Response(SamplingRunSerializer(run).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class RunDetail(generics.RetrieveAPIView[SamplingRun]):
    serializer_class = SamplingRunSerializer
    queryset = SamplingRun.objects.none()

    def get_queryset(self) -> object:  # type: ignore[override]
        return self.request.project.samplingruns.select_related("rule_version__rule", "rule_version__queue")  # type: ignore[attr-defined]
