"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from reviews.quality import settle


@shared_task(name="reviews.quality.tasks.settle_complete_items")
def settle_complete_items() -> int:
    """A sweep: whatever is due, whoever completed it."""
    return settle.settle_complete_items()
