"""FilterSets over items and over one person's reviews, for the lists and for bulk actions on all that match."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.accounts.models import Member, Project
from feedback.responses.filters import SEARCHED
from feedback.responses.models import SubjectResponse
from reviews.queues.models import Assignment, Item

STANDING, TAKEN_OUT = "standing", "invalidated"
STATES = {
    STANDING: [Assignment.State.SUBMITTED, Assignment.State.SURPLUS],
    TAKEN_OUT: [Assignment.State.INVALIDATED],
}


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
        keys = rows.order_by("-pk").values_list("pk", flat=True)
        newest = rows.filter(pk__lte=keys.first() or 0)
        if oldest := keys[SEARCHED : SEARCHED + 1].first():
            newest = newest.filter(pk__gt=oldest)
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


class TurnFilter(df.FilterSet):
    """One person's reviews: in which queue, from which day to which, whether they stand."""

    queue = df.CharFilter(label="Queue", field_name="queue__key", max_length=60)
    since = df.DateFilter(
        "submitted_at", "date__gte", label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = df.DateFilter(
        "submitted_at", "date__lte", label="Until", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    state = df.ChoiceFilter(
        label="State", empty_label=None, null_label=None, method="by_state",
        choices=[(STANDING, "Not invalidated"), (TAKEN_OUT, "Invalidated")],
    )  # fmt: skip

    class Meta:
        model = Assignment
        fields: list[str] = []

    def by_state(self, rows: QuerySet[Assignment], name: str, value: str) -> QuerySet[Assignment]:
        return rows.filter(state__in=STATES[value])


def turns_of(person: Member, parameters: Any) -> tuple[TurnFilter, QuerySet[Assignment]]:
    """Their reviews under the filters; those that stand unless invalidated ones are asked for."""
    asked = parameters.copy()
    asked.setdefault("state", STANDING)
    rows = Assignment.objects.filter(reviewer=person, project=person.project_id, review__isnull=False)
    found = TurnFilter(asked, queryset=rows)
    return found, found.qs if found.is_valid() else rows.none()
