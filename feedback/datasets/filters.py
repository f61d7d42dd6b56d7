"""How lists of datasets' rows are narrowed; the page and the API share them."""

from __future__ import annotations

import re

import django_filters as filters
from django.db.models import Q, QuerySet

from feedback.datasets.models import DatasetVersion, PreferencePair, Split
from feedback.jobs import Job

PAIR_ID = re.compile(r"[0-9a-f]{4,40}")


class PreferencePairFilter(filters.FilterSet):
    split = filters.ChoiceFilter(choices=Split, empty_label="Any")
    source = filters.ChoiceFilter(choices=PreferencePair.Source, empty_label="Any")
    criterion = filters.CharFilter(max_length=60)
    min_votes = filters.NumberFilter("n_votes", lookup_expr="gte", min_value=0, max_value=1_000_000)
    min_share = filters.NumberFilter("vote_share", lookup_expr="gte", min_value=0, max_value=1)
    min_strength = filters.NumberFilter("strength", lookup_expr="gte", min_value=0, max_value=1_000_000)

    q = filters.CharFilter(
        method="with_id",
        label="Id",
        max_length=200,
        help_text="The beginning of a pair's id, or a response's whole id.",
    )

    def with_id(self, rows: QuerySet[PreferencePair], name: str, value: str) -> QuerySet[PreferencePair]:
        """By a range, which the index of a version's pairs serves in any collation, or by one of its two responses."""
        project = self.request.project
        known = list(project.responses.filter(external_id=value.strip()).values_list("pk", flat=True))
        wanted = Q(chosen_response__in=known) | Q(rejected_response__in=known)
        prefix = value.strip().lower()
        if PAIR_ID.fullmatch(prefix):
            wanted |= Q(pair_id__gte=prefix, pair_id__lt=f"{prefix}g")
        return rows.filter(wanted)

    class Meta:
        model = PreferencePair
        fields = ["split", "source", "criterion"]


class DatasetVersionFilter(filters.FilterSet):
    dataset = filters.CharFilter("dataset__key", max_length=60, help_text="Key of the dataset.")
    number = filters.NumberFilter(min_value=1, max_value=2**31 - 1)
    state = filters.ChoiceFilter(choices=Job.State.choices)

    class Meta:
        model = DatasetVersion
        fields: list[str] = []
