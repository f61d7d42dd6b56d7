"""Celery's door to the end of take-outs."""

from __future__ import annotations

from celery import shared_task
from django.db.models.functions import Now

from feedback.takeouts.models import TakeOut


@shared_task(name="feedback.takeouts.tasks.delete_expired")
def delete_expired(limit: int = 100) -> int:
    """Delete the files whose time is over; the next tick goes on."""
    rows = list(TakeOut.objects.filter(expires_at__lte=Now()).exclude(file="").order_by("pk")[:limit])
    for takeout in rows:
        takeout.delete_file()
    return len(rows)
