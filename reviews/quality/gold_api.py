"""Gold over REST, for programs of curators: list, read, make. No reviewer's key opens it."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION, refuses
from feedback.judgements.refusal import AnswersRefused
from reviews.quality import gold_import
from reviews.quality.gold_make import GoldRefused
from reviews.quality.gold_models import DONE, GoldItem, GoldRevision
from reviews.queues.items import ItemRefused

ANSWERS = {"grounded": "no", "helpful": 2}
MADE = OpenApiExample(
    "A gold item",
    value={
        "id": 5, "queue": "answers", "item": 138, "responses": ["r-117"], "origin": "import", "state": "active",
        "revision": 1, "answers": ANSWERS, "tolerance": {"helpful": 1.0}, "explanation": "The plan says 30 days.",
        "uses": 12, "checks": 9, "passed": 8, "created_at": "2026-11-22T10:00:00Z",
    },
    response_only=True,
)  # fmt: skip
ASKED = OpenApiExample(
    "To be made",
    value={"queue": "answers", "responses": ["r-117"], "answers": ANSWERS, "tolerance": {"helpful": 1}},
    request_only=True,
)


@extend_schema_serializer(examples=[MADE])
class GoldSerializer(serializers.ModelSerializer[GoldItem]):
    queue = serializers.CharField(source="queue.key")
    responses = serializers.SerializerMethodField(help_text="External ids, in the subject's order.")
    revision = serializers.SerializerMethodField(help_text="Which version of what is expected.")
    answers = serializers.SerializerMethodField(help_text="By criterion, as a review would have them.")
    tolerance = serializers.SerializerMethodField(help_text="By criterion: how far off is still right.")
    explanation = serializers.SerializerMethodField(help_text="Shown in training.")
    uses = serializers.IntegerField(source="n_uses", help_text="How many people it was kept for.")
    checks = serializers.IntegerField(source="n_checks", help_text="Reviews that were compared.")
    passed = serializers.IntegerField(source="n_passed", help_text="Of them, how many were right throughout.")

    class Meta:
        model = GoldItem
        fields = [
            "id", "queue", "item", "responses", "origin", "state", "revision", "answers", "tolerance", "explanation",
            "uses", "checks", "passed", "created_at",
        ]  # fmt: skip

    def newest(self, gold: GoldItem) -> GoldRevision:
        return max(gold.revisions.all(), key=lambda row: row.number)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_responses(self, gold: GoldItem) -> list[str]:
        parts = sorted(gold.item.subject.parts.all(), key=lambda part: part.position)
        return [part.response.external_id for part in parts]

    def get_revision(self, gold: GoldItem) -> int:
        return self.newest(gold).number

    @extend_schema_field(serializers.DictField())
    def get_answers(self, gold: GoldItem) -> dict[str, Any]:
        return dict(self.newest(gold).answers)

    @extend_schema_field(serializers.DictField(child=serializers.FloatField()))
    def get_tolerance(self, gold: GoldItem) -> dict[str, float]:
        return dict(self.newest(gold).tolerance)

    def get_explanation(self, gold: GoldItem) -> str:
        return self.newest(gold).explanation


@extend_schema_serializer(examples=[ASKED])
class GoldRequestSerializer(serializers.Serializer[Any]):
    queue = serializers.SlugField(max_length=60)
    responses = serializers.ListField(child=Words(max_length=200), min_length=1, max_length=10)
    answers = serializers.DictField(help_text="By criterion; what is left out is not compared.")
    tolerance = serializers.DictField(child=serializers.FloatField(min_value=0), required=False)
    explanation = Words(required=False, allow_blank=True, default="", max_length=4_000)


class GoldFilter(df.FilterSet):
    queue = df.CharFilter("queue__key", max_length=60, help_text="The queue's key.")
    state = df.ChoiceFilter(choices=GoldItem.State.choices)


def gold_rows(project: Project) -> QuerySet[GoldItem]:
    done = Q(checks__assignment__state__in=DONE)
    rows = project.golditems.select_related("queue", "item__subject").annotate(
        n_uses=Count("turns", distinct=True),
        n_checks=Count("checks", filter=done, distinct=True),
        n_passed=Count("checks", filter=done & Q(checks__is_right=True), distinct=True),
    )
    found: QuerySet[GoldItem] = rows.prefetch_related("revisions", "item__subject__parts__response")
    return found


class GoldList(ProgramList):
    """List gold items.

    Newest first, with what is expected now, and how many people and checks each has had.
    """

    serializer_class, filterset_class = GoldSerializer, GoldFilter

    def rows(self, project: Project) -> QuerySet[GoldItem]:
        return gold_rows(project)

    @extend_schema(
        request=GoldRequestSerializer,
        responses={201: GoldSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({422: ["answers-refused", "gold-refused"], 403: ["no-member"]}),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a gold item.

        Names the responses by their external ids; the queue's item is made where it is missing.
        """
        given = self.given(GoldRequestSerializer)
        queues = self.project.queues.filter(takes_imports=False).select_related("rubric_version", "project", "course")
        queue = get_object_or_404(queues, key=given.pop("queue"))
        if self.member is None:
            raise Problem(403, "no-member", "This key is nobody's: gold names who made it.")
        try:
            gold = gold_import.take_one(queue, {**given, "external_id": given.pop("responses")}, self.member)
        except AnswersRefused as refusal:
            detail = "Some expected answers cannot be accepted; see errors."
            raise Problem(422, "answers-refused", detail, errors=refusal.errors) from refusal
        except (gold_import.RowRefused, GoldRefused, ItemRefused) as refusal:
            raise Problem(422, "gold-refused", str(refusal)) from refusal
        headers = {"Location": reverse("api:gold-detail", args=[gold.pk])}
        return Response(GoldSerializer(gold_rows(self.project).get(pk=gold.pk)).data, 201, headers=headers)


class GoldDetail(ProgramDetail):
    """Read a gold item.

    What is expected of it, and how it fared.
    """

    serializer_class = GoldSerializer

    def rows(self, project: Project) -> QuerySet[GoldItem]:
        return gold_rows(project)
