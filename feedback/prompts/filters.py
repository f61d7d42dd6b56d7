"""Filters over prompts: for their list."""

from __future__ import annotations

import django_filters as df
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.prompts.models import Prompt, PromptVersion


class PromptFilter(df.FilterSet):
    """`PromptFilter(request.GET, queryset=prompts of one project)`."""

    q = df.CharFilter(label="Search", method="by_text", max_length=200)

    class Meta:
        model = Prompt
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Prompt], name: str, value: str) -> QuerySet[Prompt]:
        """In names, in the labels of versions, and in what versions say."""
        inside = Q(label__icontains=value) | Q(system__icontains=value) | Q(template__icontains=value)
        versions = PromptVersion.objects.filter(inside, prompt=OuterRef("pk"))
        return rows.filter(Q(name__icontains=value) | Exists(versions))
