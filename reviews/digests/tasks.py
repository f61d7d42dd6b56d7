"""Celery's door to the sweep."""

from __future__ import annotations

from celery import shared_task

from reviews.digests.send import send_due


@shared_task(name="reviews.digests.tasks.send_digests")
def send_digests() -> int:
    return send_due()
