"""One FilterSet over items, for the list and for bulk actions on all that match."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.accounts.models import Project
from feedback.responses.filters import SEARCHED
from feedback.responses.models import SubjectResponse
from reviews.queues.models import Item


class ItemFilter(df.FilterSet):
    """`ItemFilter(request.GET, queryset=items of one project)`: the queryset decides what may be seen."""

    text = df.CharFilter(label="Search", method="by_text", max_length=200)
    queue = df.CharFilter(label="Queue", field_name="queue__key", max_length=60)
    state = df.ChoiceFilter(label="State", empty_label="Any", choices=Item.State.choices)
    stratum = df.CharFilter(label="Stratum", field_name="stratum", max_length=100)

    class Meta:
        model = Item
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """In external ids and outputs of the newest items' responses; without a text index a search must be bounded."""
        oldest = rows.order_by("-pk").values_list("pk", flat=True)[SEARCHED : SEARCHED + 1].first()
        newest = rows.filter(pk__gt=oldest) if oldest else rows
        says = Q(response__external_id__icontains=value) | Q(response__body__output__icontains=value)
        return newest.filter(Exists(SubjectResponse.objects.filter(says, subject=OuterRef("subject"))))


def offer_queues(form: forms.Form, project: Project) -> None:
    """Queues and strata that exist, to choose from."""
    queues = project.queues.order_by("name").values_list("key", "name")[:200]
    form.fields["queue"].widget = forms.Select(choices=[("", "Any"), *queues])


def chosen(project: Project, parameters: Any) -> tuple[ItemFilter, QuerySet[Item]]:
    """The filter and what matches it, nothing when it cannot be read."""
    found = ItemFilter(parameters, queryset=Item.objects.filter(project=project))
    return found, found.qs if found.is_valid() else Item.objects.none()
