"""Background work: the row remembers, Celery rings the bell (DESIGN §5).

A job is a row of a concrete model built on `Job`. Save it, then `ring()`: after commit a message with the row's id goes out,
and a lost message costs only the time until the next sweep. `run` claims the row by one conditional update and calls
`step` chunk by chunk; each chunk commits together with its cursor. Every write carries the attempt number, so that a worker
that wakes up late changes nothing.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, ClassVar

from celery import shared_task
from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 5


class JobRefused(Exception):
    """The job can never succeed; its message is shown to whoever asked for it."""


class JobQuerySet(models.QuerySet[Any]):
    def unfinished(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])

    def claimable(self) -> JobQuerySet:
        """Queued rows whose waiting time is over, and running rows whose worker has not been heard of for a lease."""
        due = Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
        return self.filter(Q(state=Job.State.QUEUED) & due | Q(state=Job.State.RUNNING, lease_until__lte=Now()))


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(
        default=0, help_text="How often a worker has claimed it; the fence of its writes."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    cursor = models.JSONField(default=dict, blank=True)
    done = models.PositiveBigIntegerField(default=0, help_text="Units of work finished.")
    total = models.PositiveBigIntegerField(null=True, blank=True, help_text="Units of work in all, once known.")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    bell: ClassVar[str] = "default"  # Celery queue: default, bulk or stats

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    def step(self) -> bool:
        """Do one chunk inside the caller's transaction; move `cursor`, `done` and `total`; return True when all is done."""
        raise NotImplementedError

    def failed(self) -> None:
        """Clean up after the last attempt; called once, inside the transaction that marks the row failed."""

    def hold(self, time: timedelta) -> None:
        """Save, with a lease that begins now by the database's clock."""
        self.lease_until = Now() + time  # type: ignore[assignment]
        self.save()

    def end(self) -> None:
        """Save as ended, in one write: a finished row may be frozen."""
        self.lease_until, self.finished_at = None, Now()  # type: ignore[assignment]
        self.save()

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    def ring(self) -> None:
        """Tell a worker after commit. A broker that is down is logged; the sweep rings again."""
        label, pk, queue = self._meta.label_lower, self.pk, self.bell
        transaction.on_commit(lambda: run_job.apply_async((label, pk), queue=queue, ignore_result=True), robust=True)

    def cancel(self) -> bool:
        """Stop it before its next chunk; False when it had ended already."""
        rows = type(self).objects.filter(pk=self.pk).unfinished()
        return bool(rows.update(state=self.State.CANCELLED, finished_at=Now(), lease_until=None))

    @property
    def share_done(self) -> float | None:
        """Progress in [0, 1], or None while the total is unknown."""
        if self.state == self.State.DONE:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else None


def job_models() -> list[type[Job]]:
    return [model for model in apps.get_models() if issubclass(model, Job)]


def claim(model: type[Job], pk: int) -> int | None:
    """Take the row for this worker: its new attempt number, or None when another has it or it has ended."""
    with transaction.atomic():
        taken = (
            model.objects.claimable()
            .filter(pk=pk)
            .update(state=Job.State.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE, started_at=Now())
        )
        return model.objects.values_list("attempt", flat=True).get(pk=pk) if taken else None


def run(model: type[Job], pk: int) -> None:
    """Claim the row and work it to its end, chunk by chunk."""
    attempt = claim(model, pk)
    if attempt is None:
        return
    try:
        while run_chunk(model, pk, attempt):
            pass
    except Exception as error:  # whatever a chunk raises is kept on the row, where a person sees it
        give_back(model, pk, attempt, error)


def run_chunk(model: type[Job], pk: int, attempt: int) -> bool:
    """One step and its cursor in one transaction; True while there is more to do and the row is still ours."""
    with transaction.atomic():
        job = model.objects.select_for_update().filter(pk=pk, attempt=attempt, state=Job.State.RUNNING).first()
        if job is None:
            return False
        if job.step():
            job.state, job.error = Job.State.DONE, ""
            job.end()
            return False
        job.hold(LEASE)
        return True


def give_back(model: type[Job], pk: int, attempt: int, error: Exception) -> None:
    """Keep the error; queue the row again with a growing pause, or fail it when it was refused or tried too often."""
    log.warning(
        "job %s %s, attempt %s: %s", model._meta.label, pk, attempt, error, exc_info=not isinstance(error, JobRefused)
    )
    final = isinstance(error, JobRefused) or attempt >= MAX_ATTEMPTS
    with transaction.atomic():
        job = model.objects.select_for_update().filter(pk=pk, attempt=attempt, state=Job.State.RUNNING).first()
        if job is None:
            return
        job.error = str(error) if isinstance(error, JobRefused) else f"{type(error).__name__}: {error}"
        if final:
            job.state = Job.State.FAILED
            job.failed()
            job.end()
        else:
            job.state = Job.State.QUEUED
            job.hold(timedelta(seconds=2**attempt))


@shared_task(name="feedback.jobs.run_job")
def run_job(label: str, pk: int) -> None:
    run(apps.get_model(label), pk)


@shared_task(name="feedback.jobs.ring_overdue")
def ring_overdue(limit: int = 100) -> None:
    """Ring again for every row that a worker could take now: messages are lost with brokers, rows are not."""
    for model in job_models():
        for pk in model.objects.claimable().order_by("pk").values_list("pk", flat=True)[:limit]:
            run_job.apply_async((model._meta.label_lower, pk), queue=model.bell, ignore_result=True)
