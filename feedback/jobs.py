"""Background work: the row remembers, Celery rings the bell (DESIGN §5).

A job is a row of a concrete model built on `Job`. Save it, then `ring()`: after commit a message with the row's id goes
out, and a lost message costs only the time until the next sweep. `run` claims the row and calls `step` chunk by chunk;
each chunk commits together with its cursor. Every write carries the attempt number, so that a worker that wakes up late
changes nothing.
How a job lives, fails and is taken over: docs/explanation/jobs.md.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from celery import shared_task
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from feedback.logs import belongs, words_of

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5  # claims in a row without one good chunk
TRIES = "tries"  # reserved key of `cursor`, hidden from `step`: those claims, so that a killed worker counts too
SLICE_SECONDS = 30  # then a job rings for itself and lets others in, and no message comes near its time limit
RING_SECONDS = 1.0  # what a caller waits for the broker at most
QUIET_SECONDS = 5.0  # after a broker failed, nobody waits for it for so long
RING_AGAIN_SECONDS = 30.0  # the sweep takes a message for lost when its row has not been claimed for so long


class JobRefused(Exception):
    """The job can never succeed; its message is shown to whoever asked for it."""


class Lost(Exception):
    """Another worker has the row by now, or it has ended."""


def lease() -> timedelta:
    """How long a worker may be silent between two chunks before another one takes its job."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


class JobQuerySet(models.QuerySet[Any]):
    def unfinished(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])

    def claimable(self) -> JobQuerySet:
        """Queued rows whose waiting time is over, and running rows whose worker has not been heard of for a lease."""
        due = Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
        found = self.filter(Q(state=Job.State.QUEUED) & due | Q(state=Job.State.RUNNING, lease_until__lte=Now()))
        return found if self.model.runs_archived else found.awake()

    def awake(self) -> JobQuerySet:
        """Without those of archived projects, which wait until their project comes back. (A join would be locked.)"""
        project = next((field for field in self.model._meta.fields if field.name == "project"), None)
        if project is None or project.related_model is None:
            return self
        archived = project.related_model._default_manager.filter(archived_at__isnull=False)
        return self.exclude(project__in=archived)

    def held_by(self, pk: int, attempt: int) -> JobQuerySet:
        """The row, if this attempt still holds it."""
        return self.filter(pk=pk, attempt=attempt, state=Job.State.RUNNING)


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
    may_retry: ClassVar[bool] = False  # whether a failed one can be tried again; `begin_again` then makes it ready
    named_by: ClassVar[tuple[str, ...]] = ()  # relations that its name and its address need, for lists of jobs
    runs_archived: ClassVar[bool] = False  # whether it starts although its project is archived
    is_listed: ClassVar[bool] = True  # whether lists of jobs name it; what comes by thousands has pages of its own

    prepared: Any = None  # in `step`: what `prepare` gave
    rests = False  # in `step`: it let go of the row
    beaten_at: float = 0.0  # by this process's clock

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True

    def prepare(self) -> Any:
        """Before each chunk, outside any transaction: what takes long without the database, such as hashing a file. It
        calls `heartbeat` now and then, and does no harm beside a worker who has taken the row over.
        """

    def step(self) -> bool:
        """Do one chunk in the caller's transaction; move `cursor`, `done` and `total`; return True when all is done.

        It may `rest`, or `end` otherwise than done.
        """
        raise NotImplementedError

    def heartbeat(self) -> None:
        """While preparing, as often as one likes: hold on to the row. Raises Lost."""
        if time.monotonic() - self.beaten_at < settings.JOB_LEASE_SECONDS / 4:
            return
        if not type(self)._default_manager.held_by(self.pk, self.attempt).update(lease_until=Now() + lease()):
            raise Lost
        self.beaten_at = time.monotonic()

    def failed(self) -> None:
        """Clean up when it will never be done (last attempt, cancelled). Called once, inside that transaction."""

    def begin_again(self) -> None:
        """Make a failed row ready for another try, which goes on from its cursor; JobRefused when it would do harm."""

    def hold(self, time: timedelta) -> None:
        """Save, with a lease that begins now by the database's clock."""
        self.lease_until = Now() + time
        self.save()

    def rest(self, time: timedelta, state: Job.State = State.QUEUED) -> None:
        """At the end of `step`: let go of the row, to be taken up when so long has passed. It costs no try."""
        self.rests, self.state = True, state
        self.hold(time)

    def end(self, state: Job.State, error: str = "") -> None:
        """Save as ended, in one write: a finished row may be frozen."""
        self.state, self.error = state, error
        self.lease_until, self.finished_at = None, Now()
        if state != Job.State.DONE:
            self.failed()
        self.save()

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    def ring(self) -> None:
        """Tell a worker after commit. A broker that is down costs a second at most; the sweep rings again."""
        transaction.on_commit(partial(send, self._meta.label_lower, self.pk, self.bell), robust=True)

    def cancel(self) -> bool:
        """Stop it before its next chunk; False when it had ended already."""
        with transaction.atomic():
            job = type(self).objects.select_for_update().unfinished().filter(pk=self.pk).first()
            if job is not None:
                job.end(Job.State.CANCELLED)
        return job is not None

    def retry(self) -> bool:
        """Queue a failed one again, with all its tries; False when it had not failed. Raises JobRefused."""
        with transaction.atomic():
            job = type(self).objects.select_for_update().filter(pk=self.pk, state=Job.State.FAILED).first()
            if job is None:
                return False
            if not job.may_retry:
                raise JobRefused("It cannot be tried again. Start a new one.")
            job.cursor.pop(TRIES, None)
            job.begin_again()
            job.state, job.error = Job.State.QUEUED, ""
            job.lease_until = job.started_at = job.finished_at = None
            job.save()
            job.ring()
        return True

    @property
    def share_done(self) -> float | None:
        """Progress in [0, 1], or None while the total is unknown."""
        if self.state == self.State.DONE:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else None


def job_models() -> list[type[Job]]:
    return [model for model in apps.get_models() if issubclass(model, Job)]


def claim(model: type[Job], pk: int) -> int | None:
    """Take the row for this worker: its new attempt number, or None when another has it or it has ended.

    A row that is locked is being worked on at this moment. A row that was claimed MAX_ATTEMPTS times without one good
    chunk kills its workers: it is failed here, where a person sees it.
    """
    with transaction.atomic():
        job = model.objects.claimable().select_for_update(skip_locked=True).filter(pk=pk).first()
        if job is None:
            return None
        tries = job.cursor.pop(TRIES, 0)
        if tries >= MAX_ATTEMPTS:
            last = f" Last error: {job.error}" if job.error else " Each time its worker was killed or never answered."
            job.end(Job.State.FAILED, f"Given up after {tries} attempts without progress.{last}")
            return None
        job.cursor[TRIES] = tries + 1
        job.state, job.attempt, job.started_at = Job.State.RUNNING, job.attempt + 1, job.started_at or Now()
        job.hold(lease())
        return job.attempt


def run(model: type[Job], pk: int, seconds: float | None = None) -> None:
    """Claim the row and work it chunk by chunk to its end, or for about so many seconds and then ring for the rest."""
    reverse("home")  # the first address that a process writes loads every room: not within a chunk's transaction
    attempt = claim(model, pk)
    if attempt is not None:
        with belongs(job=model._meta.label_lower, row=pk, attempt=attempt):
            work(model, pk, attempt, seconds)


def work(model: type[Job], pk: int, attempt: int, seconds: float | None) -> None:
    started = time.monotonic()
    try:
        while run_chunk(model, pk, attempt):
            if seconds is not None and time.monotonic() - started >= seconds:
                put_down(model, pk, attempt)
                return
    except Lost:
        log.info("job %s %s, attempt %s: lost", model._meta.label, pk, attempt)
    except Exception as error:  # whatever a chunk raises is kept on the row, where a person sees it
        give_back(model, pk, attempt, error)


def run_chunk(model: type[Job], pk: int, attempt: int) -> bool:
    """What a step needs, then the step and its cursor in one transaction; True while there is more to do and the row is
    still ours.
    """
    held = model.objects.held_by(pk, attempt)
    prepared = job.prepare() if (job := in_hand(held)) else None
    with transaction.atomic():
        job = in_hand(held.select_for_update())
        if job is None:
            return False
        job.prepared, job.error = prepared, ""
        is_over = job.step()
        if job.rests or job.is_finished:
            return False
        if is_over:
            job.end(Job.State.DONE)
            return False
        job.hold(lease())
        return True


def in_hand(rows: JobQuerySet) -> Any:
    """The row as its model's methods see it, if it is there."""
    job = rows.first()
    if job is not None:
        job.cursor.pop(TRIES, None)
    return job


def put_down(model: type[Job], pk: int, attempt: int) -> None:
    """Between two chunks: queue the row again and ring for it, so that others get their turn."""
    with transaction.atomic():
        job = model.objects.held_by(pk, attempt).select_for_update().first()
        if job is not None:
            job.state, job.lease_until = Job.State.QUEUED, None
            job.save(update_fields=["state", "lease_until"])
            job.ring()


def give_back(model: type[Job], pk: int, attempt: int, error: Exception) -> None:
    """Keep the error; queue the row again with a growing pause, or fail it when it was refused or tried too often."""
    refused = isinstance(error, JobRefused)
    trace = None if refused else error
    log.warning("job %s %s, attempt %s: %s", model._meta.label, pk, attempt, words_of(error), exc_info=trace)
    if not connection.in_atomic_block:
        close_old_connections()  # the database may have ended ours, for holding a lock without a word
    with transaction.atomic():
        job = model.objects.held_by(pk, attempt).select_for_update().first()
        if job is None:
            return
        tries = job.cursor.setdefault(TRIES, 1)
        job.error = str(error) if refused else f"{type(error).__name__}: {error}"
        if refused or tries >= MAX_ATTEMPTS:
            job.end(Job.State.FAILED, job.error)
        else:
            job.state = Job.State.QUEUED
            job.hold(timedelta(seconds=2**tries))


publishing = threading.Lock()
quiet_until = 0.0


def send(label: str, pk: int, queue: str) -> bool:
    """Put the message out; True when the broker took it in time.

    A broker can refuse, or say nothing for minutes, and its client library retries as it likes: so a thread of its own
    does the talking, one at a time, and the caller leaves after RING_SECONDS whatever happens.
    """
    global quiet_until
    if time.monotonic() < quiet_until:
        return False
    sent = threading.Event()

    def publish() -> None:
        with publishing:
            try:
                run_job.apply_async((label, pk), queue=queue, ignore_result=True)
                sent.set()
            except Exception as error:  # of any broker's library
                log.warning("the broker did not take the message for %s %s: %s", label, pk, error)

    started = time.monotonic()
    thread = threading.Thread(target=publish, name="bell", daemon=True)
    thread.start()
    thread.join(RING_SECONDS)
    if not sent.is_set():
        log.warning("no bell for %s %s (%.1f s); the sweep will ring", label, pk, time.monotonic() - started)
        quiet_until = time.monotonic() + QUIET_SECONDS
    return sent.is_set()


@shared_task(name="feedback.jobs.run_job")
def run_job(label: str, pk: int) -> None:
    run(apps.get_model(label), pk, SLICE_SECONDS)


rung: dict[tuple[str, int, int], float] = {}  # by this process: (model, row, attempt) -> when


@shared_task(name="feedback.jobs.ring_overdue")
def ring_overdue(limit: int = 100) -> None:
    """Ring again for every row that a worker could take now: messages are lost with brokers, rows are not.

    While all workers are busy a row stays claimable; what this process rang for a short while ago is left alone, so
    that messages do not pile up.
    """
    now = time.monotonic()
    for key in [key for key, at in rung.items() if at < now - RING_AGAIN_SECONDS]:
        del rung[key]
    for model in job_models():
        label = model._meta.label_lower
        rows = model.objects.claimable().order_by("pk").values_list("pk", "attempt")
        waiting = [row for row in rows[: limit + len(rung)] if (label, *row) not in rung]
        for pk, attempt in waiting[:limit]:
            if not send(label, pk, model.bell):
                return
            rung[label, pk, attempt] = now
