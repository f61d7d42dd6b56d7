"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from reviews.quality import estimate, gold_check, gold_give, notices, repeat_give, settle


@shared_task(name="reviews.quality.tasks.settle_complete_items")
def settle_complete_items() -> int:
    """A sweep: whatever is due, whoever completed it."""
    return settle.settle_complete_items()


@shared_task(name="reviews.quality.tasks.estimate_label_models", queue="stats")
def estimate_label_models() -> int:
    """A sweep: how often reviewers are right, anew where a tenth more reviews have come in."""
    return estimate.estimate_due()


@shared_task(name="reviews.quality.tasks.top_up_gold")
def top_up_gold() -> int:
    """A sweep: places ahead for whoever reviews in a queue that gives gold."""
    return gold_give.top_up_all()


@shared_task(name="reviews.quality.tasks.top_up_repeats")
def top_up_repeats() -> int:
    """A sweep: places ahead for whoever is asked again about what they judged some time ago."""
    return repeat_give.top_up_all()


@shared_task(name="reviews.quality.tasks.check_gold")
def check_gold() -> int:
    """A sweep: reviews of gold that can no longer be undone."""
    return gold_check.check_all()


@shared_task(name="reviews.quality.tasks.measure_reviewers", queue="stats")
def measure_reviewers() -> int:
    """A sweep: once a day, how far each reviewer can be relied on, where reviews have come in since."""
    return notices.measure_due()
