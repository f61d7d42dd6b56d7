"""Reading prompts and their immutable versions."""

from __future__ import annotations

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import ProgramDetail, ProgramList
from feedback.accounts.models import Project
from feedback.prompts import examples
from feedback.prompts.models import Prompt, PromptVersion


@extend_schema_serializer(examples=[examples.PROMPT])
class PromptSerializer(serializers.ModelSerializer[Prompt]):
    class Meta:
        model = Prompt
        fields = ["id", "name", "created_at"]


@extend_schema_serializer(examples=[examples.VERSION])
class PromptVersionSerializer(serializers.ModelSerializer[PromptVersion]):
    prompt = serializers.CharField(source="prompt.name", read_only=True)
    version = serializers.CharField(source="label", read_only=True, help_text="The caller's name for it.")
    has_text = serializers.BooleanField(read_only=True, help_text="False while only its label is known.")

    class Meta:
        model = PromptVersion
        fields = ["id", "prompt", "version", "has_text", "created_at"]


@extend_schema_serializer(examples=[examples.VERSION_DETAIL])
class PromptVersionDetailSerializer(PromptVersionSerializer):
    class Meta(PromptVersionSerializer.Meta):
        fields = [*PromptVersionSerializer.Meta.fields, "template", "system", "parameters"]


class PromptFilter(filters.FilterSet):
    name = filters.CharFilter(max_length=200, help_text="The prompt's name, as it was sent.")

    class Meta:
        model = Prompt
        fields: list[str] = []


class PromptVersionFilter(filters.FilterSet):
    prompt = filters.CharFilter("prompt__name", max_length=200, help_text="The prompt's name.")
    version = filters.CharFilter("label", max_length=100, help_text="The version's label.")

    class Meta:
        model = PromptVersion
        fields: list[str] = []


class PromptList(ProgramList):
    """List prompts."""

    serializer_class = PromptSerializer
    filterset_class = PromptFilter

    def rows(self, project: Project) -> QuerySet[Prompt]:
        return project.prompts.all()


class PromptDetail(ProgramDetail):
    """Read a prompt."""

    serializer_class = PromptSerializer

    def rows(self, project: Project) -> QuerySet[Prompt]:
        return project.prompts.all()


class VersionList(ProgramList):
    """List prompt versions.

    Newest first, without their texts; those of one prompt with `?prompt=`.
    """

    serializer_class = PromptVersionSerializer
    filterset_class = PromptVersionFilter

    def rows(self, project: Project) -> QuerySet[PromptVersion]:
        return project.promptversions.select_related("prompt")


class VersionDetail(ProgramDetail):
    """Read a prompt version.

    With its template, system text and parameters.
    """

    serializer_class = PromptVersionDetailSerializer

    def rows(self, project: Project) -> QuerySet[PromptVersion]:
        return project.promptversions.select_related("prompt")
