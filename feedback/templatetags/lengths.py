"""`{% load lengths %}`: how long something lasts, in the words that people use."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def lasting(seconds: int) -> str:
    """1800 is "30 min", 90 "1 min 30 s", 86400 "24 h"; whole, so that what stands in the form stands on the page."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return " ".join(parts) or "0 s"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long since, in the largest unit alone: "3 hours ago". Within a minute, and by a clock ahead, "just now"."""
    if moment is None:
        return ""
    now = timezone.now()
    return f"{timesince(moment, now, depth=1)} ago" if now - moment >= timedelta(minutes=1) else "just now"
