"""Reading rubrics, their frozen versions, criteria and guidelines."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import ProgramDetail, ProgramList
from feedback.accounts.models import Project
from feedback.rubrics import examples
from feedback.rubrics.models import Criterion, GuidelineVersion, Rubric, RubricVersion

LISTED = 100


@extend_schema_serializer(examples=[examples.RUBRIC])
class RubricSerializer(serializers.ModelSerializer[Rubric]):
    class Meta:
        model = Rubric
        fields = ["id", "name", "created_at"]


class RubricVersionSerializer(serializers.ModelSerializer[RubricVersion]):
    class Meta:
        model = RubricVersion
        fields = ["id", "number", "subject_size", "frozen_at", "created_at"]


@extend_schema_serializer(examples=[examples.RUBRIC_DETAIL])
class RubricDetailSerializer(RubricSerializer):
    versions = serializers.SerializerMethodField(help_text="Newest first.")

    class Meta(RubricSerializer.Meta):
        fields = [*RubricSerializer.Meta.fields, "versions"]

    @extend_schema_field(RubricVersionSerializer(many=True))
    def get_versions(self, rubric: Rubric) -> Any:
        return RubricVersionSerializer(rubric.versions.order_by("-number")[:LISTED], many=True).data


class GuidelineSerializer(serializers.ModelSerializer[GuidelineVersion]):
    name = serializers.CharField(source="guideline.name", read_only=True)

    class Meta:
        model = GuidelineVersion
        fields = ["name", "number", "text"]


class CriterionDetailSerializer(serializers.ModelSerializer[Criterion]):
    class Meta:
        model = Criterion
        fields = ["key", "kind", "label", "help_text", "is_required", "options", "fails_when"]


@extend_schema_serializer(examples=[examples.VERSION_DETAIL])
class RubricVersionDetailSerializer(RubricVersionSerializer):
    rubric = serializers.CharField(source="rubric.name", read_only=True)
    guideline = GuidelineSerializer(allow_null=True, read_only=True)
    criteria = CriterionDetailSerializer(many=True, read_only=True)

    class Meta(RubricVersionSerializer.Meta):
        fields = [*RubricVersionSerializer.Meta.fields, "rubric", "guideline", "criteria"]


class RubricList(ProgramList):
    """List rubrics."""

    serializer_class = RubricSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[Rubric]:
        return project.rubrics.all()


class RubricDetail(ProgramDetail):
    """Read a rubric.

    With its newest 100 versions.
    """

    serializer_class = RubricDetailSerializer

    def rows(self, project: Project) -> QuerySet[Rubric]:
        return project.rubrics.all()


class VersionDetail(ProgramDetail):
    """Read a rubric version.

    With its criteria in order and the guideline that teaches them. A version that a queue uses never changes.
    """

    serializer_class = RubricVersionDetailSerializer

    def rows(self, project: Project) -> QuerySet[RubricVersion]:
        versions = project.rubricversions.select_related("rubric", "guideline__guideline")
        return versions.prefetch_related("criteria")
