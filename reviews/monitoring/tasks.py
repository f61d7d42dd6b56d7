"""Celery's door to the sweep."""

from __future__ import annotations

from celery import shared_task

from reviews.monitoring import addup


@shared_task(name="reviews.monitoring.tasks.add_up")
def add_up() -> None:
    addup.add_up()
