"""One FilterSet over the audit log, for the page, the trail of an object, and the files."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django import forms
from django.db.models import QuerySet

from feedback.audit.models import AuditEvent

OTHERS = (("system", "The system"), ("operator", "An operator"), ("program", "A program"))


def day(label: str) -> Any:
    return forms.DateInput({"type": "date", "aria-label": label})


class EventFilter(df.FilterSet):
    """`EventFilter(request.GET, queryset=events of one project)`: the queryset decides what may be seen."""

    verb = df.CharFilter(label="What", method="by_words", max_length=40)
    actor = df.CharFilter(label="Who", max_length=40)
    object_type = df.CharFilter(label="About", max_length=60)
    object_id = df.CharFilter(label="Number", max_length=60)
    since = df.DateFilter(label="From", field_name="at", lookup_expr="date__gte", widget=day("From"))
    until = df.DateFilter(label="Until", field_name="at", lookup_expr="date__lte", widget=day("Until"))

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def by_words(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """As the page writes it ("item withdrawn") or as the row has it."""
        return rows.filter(verb=value.strip().lower().replace(" ", "-"))


def offer(form: forms.Form, people: list[tuple[str, str]], kinds: list[tuple[str, str]]) -> None:
    """People and kinds of objects to choose from."""
    form.fields["actor"].widget = forms.Select(choices=[("", "Anybody"), *people, *OTHERS])
    form.fields["object_type"].widget = forms.Select(choices=[("", "Anything"), *kinds])
