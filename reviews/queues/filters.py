"""FilterSets over a reviewer's own turns, for My reviews, and over items and escalations, for programs."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.utils.translation import gettext_lazy

from feedback.accounts.models import Member
from reviews.queues.escalation_models import EscalationQuerySet
from reviews.queues.models import Assignment, Escalation, Item

State = Assignment.State
STATES = [
    (State.SUBMITTED, gettext_lazy("Counted")),
    (State.SURPLUS, gettext_lazy("Kept, not counted")),
    (State.SKIPPED, gettext_lazy("Skipped")),
    (State.NOT_QUALIFIED, gettext_lazy("Passed on")),
    (State.INVALIDATED, gettext_lazy("Set aside")),
]


class TurnFilter(df.FilterSet):
    """`TurnFilter(request.GET, member=member, queryset=turns of that member)`."""

    queue = df.ModelChoiceFilter(
        label=gettext_lazy("Queue"), to_field_name="key", queryset=None, empty_label=gettext_lazy("Any")
    )
    state = df.ChoiceFilter(label=gettext_lazy("State"), choices=STATES, empty_label=gettext_lazy("Any"))
    number = df.NumberFilter(
        label=gettext_lazy("Number"), field_name="pk", decimal_places=0, min_value=1, max_value=2**63 - 1
    )

    class Meta:
        model = Assignment
        fields: list[str] = []

    def __init__(self, data: Any, *, member: Member, queryset: Any) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["queue"].queryset = member.project.queues.filter(takes_imports=False).order_by("name")
        self.form.label_suffix = ""


class ItemFilter(df.FilterSet):
    """Items of the project, for programs: by queue, how far they are, and what they were drawn as."""

    queue = df.CharFilter(label="Queue", field_name="queue__key", help_text="Key of the queue.")
    state = df.ChoiceFilter(label="State", choices=Item.State.choices)
    stratum = df.CharFilter(label="Stratum")
    response = df.CharFilter(label="Response", method="about", help_text="External id of a response it asks about.")

    class Meta:
        model = Item
        fields: list[str] = []

    def about(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(subject__parts__response__external_id=value)


class EscalationFilter(df.FilterSet):
    """Escalations of the project, for programs: whose turn it is, and what they are about."""

    state = df.ChoiceFilter(choices=Escalation.State.choices, method="by_turn", help_text="All when left out.")
    queue = df.CharFilter("item__queue__key", max_length=60, help_text="Key of the queue.")
    item = df.NumberFilter("item", decimal_places=0, min_value=1, max_value=2**63 - 1, help_text="Id of the item.")
    skill = df.CharFilter(max_length=40, help_text="Who carries it is asked.")

    class Meta:
        model = Escalation
        fields: list[str] = []

    def by_turn(self, rows: EscalationQuerySet, name: str, value: str) -> EscalationQuerySet:
        return rows.in_state(value)
