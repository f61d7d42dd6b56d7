"""Celery's door to the sweep."""

from __future__ import annotations

from celery import shared_task

from reviews.queues import counts, leases


@shared_task(name="reviews.queues.tasks.free_due_leases")
def free_due_leases(limit: int = 1_000) -> None:
    """Free every due place and count surplus reviews that have room now; more than `limit` wait for the next beat."""
    leases.free_due_leases(limit)
    leases.promote_waiting()


@shared_task(name="reviews.queues.tasks.count_long_queues")
def count_long_queues() -> None:
    counts.count_long_queues()
