"""Celery's door to the end of events."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models.functions import Now

from feedback.outbox.models import Endpoint, Event

REMOVED_FOR = timedelta(hours=1)  # whoever was emitting has ended by then


@shared_task(name="feedback.outbox.tasks.forget")
def forget(limit: int = 10_000) -> int:
    """Delete events whose time is over, with their deliveries, and endpoints that were removed; how many events."""
    Endpoint.objects.filter(state=Endpoint.State.REMOVED, state_at__lte=Now() - REMOVED_FOR).delete()
    old = Event.objects.filter(created_at__lte=Now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS))
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
    for start in range(0, len(ids), 500):
        Event.objects.filter(pk__in=ids[start : start + 500]).delete()
    return len(ids)
