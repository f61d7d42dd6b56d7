"""`{% load lengths %}`: how long something lasts, in the words that people use."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

register = template.Library()


@register.filter
def lasting(seconds: int) -> str:
    """1800 is "30 min", 90 "1 min 30 s", 86400 "24 h"; whole, so that what stands in the form stands on the page."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    units = ((hours, gettext("%(n)s h")), (minutes, gettext("%(n)s min")), (rest, gettext("%(n)s s")))
    parts = [words % {"n": n} for n, words in units if n]
    return " ".join(parts) or gettext("%(n)s s") % {"n": 0}


@register.filter
def ago(moment: datetime | None) -> str:
    """How long since, in the largest unit alone: "3 hours ago". Within a minute, and by a clock ahead, "just now"."""
    if moment is None:
        return ""
    now = timezone.now()
    if now - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment, now, depth=1)}
