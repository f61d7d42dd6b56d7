"""Filters of the lists of people."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from feedback.accounts.models import Member
from feedback.permissions import ROLES


def search() -> forms.TextInput:
    return forms.TextInput(attrs={"type": "search", "autocomplete": "off"})


class MemberFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="by_words", label="Name or e-mail", max_length=120, widget=search())
    role = django_filters.ChoiceFilter(
        choices=[(role, role.capitalize()) for role in ROLES], label="Role", empty_label="Any role"
    )
    state = django_filters.ChoiceFilter(
        choices=[("in", "May enter"), ("out", "Shut out")], method="by_state", label="State", empty_label="Any state"
    )

    class Meta:
        model = Member
        fields = ("q", "role", "state")

    def by_words(self, rows: QuerySet[Member], name: str, value: str) -> Any:
        for word in value.split():
            rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
        return rows

    def by_state(self, rows: QuerySet[Member], name: str, value: str) -> Any:
        is_out = Q(disabled_at__isnull=False) | Q(user__is_active=False)
        return rows.filter(is_out) if value == "out" else rows.exclude(is_out)


class SourceFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="by_words", label="Name or source", max_length=120, widget=search())

    class Meta:
        model = Member
        fields = ("q",)

    def by_words(self, rows: QuerySet[Member], name: str, value: str) -> Any:
        for word in value.split():
            rows = rows.filter(Q(source_name__icontains=word) | Q(source__icontains=word))
        return rows
