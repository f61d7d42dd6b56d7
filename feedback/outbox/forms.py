"""What people type about webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from feedback.outbox.address import refusal
from feedback.outbox.catalogue import TYPES
from feedback.outbox.models import Endpoint

HOURS = [(1, "the last hour"), (24, "the last day"), (72, "the last three days"), (168, "the last week"),
         (0, "as long as events are kept")]  # fmt: skip


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Where your receiver listens, such as https://hooks.example.org/touchstone.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label="What it is for", required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    types = forms.MultipleChoiceField(
        label="Tell it when",
        choices=[(name, f"{one.in_short.capitalize()} ({name})") for name, one in TYPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, endpoint: Endpoint | None = None) -> None:
        known = {name: getattr(endpoint, name) for name in self.base_fields} if endpoint else {}
        super().__init__(data, initial=known)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if why := refusal(url):
            raise forms.ValidationError(why)
        return url


class ReplayForm(forms.Form):
    hours = forms.TypedChoiceField(label="What was given up in", choices=HOURS, coerce=int, initial=24)

    def since(self) -> datetime:
        hours: int = self.cleaned_data["hours"]
        return timezone.now() - (timedelta(hours=hours) if hours else timedelta(days=10_000))
