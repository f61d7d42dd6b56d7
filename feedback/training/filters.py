"""How fine-tunes and their numbers are narrowed; the page and the API share them."""

from __future__ import annotations

import django_filters as filters

from feedback.jobs import Job
from feedback.training.models import FineTuneJob, TrainingMetric


class FineTuneFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Job.State.choices, empty_label="Any")
    method = filters.ChoiceFilter(choices=FineTuneJob.Method.choices, empty_label="Any")
    trainer = filters.CharFilter("trainer__key", max_length=60)
    dataset = filters.CharFilter("version__dataset__key", max_length=60)

    class Meta:
        model = FineTuneJob
        fields = ["state", "method"]


class MetricFilter(filters.FilterSet):
    name = filters.CharFilter("name", max_length=60)

    class Meta:
        model = TrainingMetric
        fields = ["name"]
