"""Celery's door to the sealing of the audit log."""

from __future__ import annotations

from celery import shared_task

from feedback.audit.chain import BATCH, seal_batch


@shared_task(name="feedback.audit.tasks.seal")
def seal(batches: int = 50) -> int:
    """Seal what is not sealed yet, batch by batch, at most `batches` of them; the next tick goes on."""
    n_sealed = 0
    for _ in range(batches):
        n_batch = seal_batch()
        n_sealed += n_batch
        if n_batch < BATCH:
            break
    return n_sealed
