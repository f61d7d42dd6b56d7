"""One FilterSet over deliveries, for the page of an endpoint and the API."""

from __future__ import annotations

import django_filters as df

from feedback.jobs import Job
from feedback.outbox.catalogue import TEST, TYPES
from feedback.outbox.models import Delivery, Event

STATES = [
    (Job.State.QUEUED, "Waiting"), (Job.State.RUNNING, "Being sent"), (Job.State.DONE, "Delivered"),
    (Job.State.FAILED, "Given up"),
]  # fmt: skip
NAMES = [(name, name) for name in [*TYPES, TEST.name]]


class DeliveryFilter(df.FilterSet):
    state = df.ChoiceFilter(choices=STATES, empty_label="Any")
    type = df.ChoiceFilter("event__type", choices=NAMES, label="Event", empty_label="Any")

    class Meta:
        model = Delivery
        fields: list[str] = []


class StrictDeliveryFilter(DeliveryFilter):
    """For programs, who name the endpoint as well."""

    webhook = df.NumberFilter("endpoint", min_value=1, max_value=2**31 - 1, label="Id of a webhook.")


class EventFilter(df.FilterSet):
    type = df.ChoiceFilter(choices=NAMES, label="Event")
    about = df.CharFilter(max_length=120, label="About what, such as dataset/answers.")

    class Meta:
        model = Event
        fields: list[str] = []
