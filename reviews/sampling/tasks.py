"""Celery doors of sampling: id in, re-read, one verb, safe to run twice."""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task
from django.utils import timezone

from reviews.sampling.models import SamplingRule


def tick_of(interval_minutes: int, now: datetime) -> str:
    """The last scheduled minute up to now, in UTC. Missed ones are left out: one run catches up with them all."""
    width = interval_minutes * 60
    begun = int(now.timestamp()) // width * width
    return datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%dT%H:%MZ")


@shared_task(name="reviews.sampling.tasks.start_due_runs")
def start_due_runs() -> None:
    """Run every scheduled rule whose tick has no run yet. Two beats start each tick once: ticks are unique rows."""
    now = timezone.now()
    due = SamplingRule.objects.filter(is_active=True, interval_minutes__gte=1, project__archived_at__isnull=True)
    for rule in due.select_related("project"):
        assert rule.interval_minutes is not None
        rule.start(tick_of(rule.interval_minutes, now))
