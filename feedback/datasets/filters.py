"""How lists of datasets' rows are narrowed; the page and the API share them."""

from __future__ import annotations

import django_filters as filters

from feedback.datasets.models import PreferencePair, Split


class PreferencePairFilter(filters.FilterSet):
    split = filters.ChoiceFilter(choices=Split)
    source = filters.ChoiceFilter(choices=PreferencePair.Source)
    criterion = filters.CharFilter(max_length=60)
    min_votes = filters.NumberFilter("n_votes", lookup_expr="gte", min_value=0, max_value=1_000_000)
    min_share = filters.NumberFilter("vote_share", lookup_expr="gte", min_value=0, max_value=1)
    min_strength = filters.NumberFilter("strength", lookup_expr="gte", min_value=0, max_value=1_000_000)

    class Meta:
        model = PreferencePair
        fields = ["split", "source", "criterion"]
