"""One FilterSet over a reviewer's own turns, for My reviews."""

from __future__ import annotations

from typing import Any

import django_filters as df

from feedback.accounts.models import Member
from reviews.queues.models import Assignment

State = Assignment.State
STATES = [
    (State.SUBMITTED, "Counted"),
    (State.SURPLUS, "Kept, not counted"),
    (State.SKIPPED, "Skipped"),
    (State.NOT_QUALIFIED, "Passed on"),
    (State.INVALIDATED, "Set aside"),
]


class TurnFilter(df.FilterSet):
    """`TurnFilter(request.GET, member=member, queryset=turns of that member)`."""

    queue = df.ModelChoiceFilter(label="Queue", to_field_name="key", queryset=None, empty_label="Any")
    state = df.ChoiceFilter(label="State", choices=STATES, empty_label="Any")
    number = df.NumberFilter(label="Number", field_name="pk", decimal_places=0, min_value=1, max_value=2**63 - 1)

    class Meta:
        model = Assignment
        fields: list[str] = []

    def __init__(self, data: Any, *, member: Member, queryset: Any) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["queue"].queryset = member.project.queues.filter(takes_imports=False).order_by("name")
        self.form.label_suffix = ""
