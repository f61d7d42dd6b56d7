"""What the beat rings for, and how often. Every sweep looks for what is due and may run twice."""

from __future__ import annotations

from typing import Any

# A sweep that found no worker is worth nothing: the next one does its work. But a worker asks its own clock whether a
# message is too old, and one that is some minutes ahead must still sweep.
KEPT_SECONDS = 2 * 3600


def schedule(soon: float) -> dict[str, dict[str, Any]]:
    """Task -> its entry for the beat; `soon` are the seconds between sweeps that somebody waits for."""
    sweeps = {
        "feedback.jobs.ring_overdue": soon,
        "reviews.queues.tasks.free_due_leases": soon,
        "reviews.queues.tasks.count_long_queues": 15.0,
        "reviews.quality.tasks.settle_complete_items": soon,
        "reviews.quality.tasks.estimate_label_models": 120.0,
        "reviews.quality.tasks.measure_reviewers": 3600.0,
        "reviews.quality.tasks.top_up_gold": 30.0,
        "reviews.quality.tasks.top_up_repeats": 60.0,
        "reviews.quality.tasks.check_gold": 30.0,
        "reviews.monitoring.tasks.add_up": 30.0,
        "reviews.sampling.tasks.start_due_runs": 60.0,
        "feedback.audit.tasks.seal": 60.0,
        "feedback.accounts.tasks.forget_idempotency_keys": 3600.0,
        "feedback.audit.tasks.check": 6 * 3600.0,
        "reviews.digests.tasks.send_digests": 3600.0,
        "feedback.takeouts.tasks.delete_expired": 3600.0,
        "feedback.outbox.tasks.forget": 3600.0,
    }
    return {
        task: {"task": task, "schedule": seconds, "options": {"expires": max(2 * seconds, KEPT_SECONDS)}}
        for task, seconds in sweeps.items()
    }
