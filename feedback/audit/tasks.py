"""Celery's doors to the sealing and the checking of the audit log."""

from __future__ import annotations

from celery import shared_task

from feedback.audit.chain import BATCH, check_chain, seal_batch


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


@shared_task(name="feedback.audit.tasks.check")
def check() -> int:
    """Verify the sealed part and note the result in the log, where the page finds it; how many links are wrong."""
    return check_chain()
