"""Celery's doors to what accounts clear away."""

from __future__ import annotations

from celery import shared_task

from feedback.accounts.models import IdempotencyKey

BATCH = 1000


@shared_task(name="feedback.accounts.tasks.forget_idempotency_keys")
def forget_idempotency_keys(batches: int = 100) -> int:
    """Delete the answers whose day is over, in short transactions; the next tick goes on."""
    n_gone = 0
    for _ in range(batches):
        some = list(IdempotencyKey.objects.over().values_list("pk", flat=True)[:BATCH])
        n_gone += IdempotencyKey.objects.filter(pk__in=some).delete()[0]
        if len(some) < BATCH:
            break
    return n_gone
