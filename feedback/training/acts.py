"""A fine-tune as a job: one act outside at a time, each told to the row before the next.

`prepare` acts, outside of transactions, and `step` stores what was seen. Who is killed between the two leaves an act
that the row does not know of: so each act first looks whether it was done already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from feedback.audit.log import record
from feedback.jobs import Job, JobRefused
from feedback.responses.models import LanguageModel
from feedback.training import hosted, local, scheduler
from feedback.training.models import FineTuneJob, Trainer, TrainingLine, TrainingMetric
from feedback.training.seen import Line, Metric, Seen, Trouble

State, Phase = Job.State, FineTuneJob.Phase
TROUBLE_LIMIT = timedelta(hours=24)  # of nothing but trouble; what runs outside is not given up for less
LONGEST_PAUSE = timedelta(minutes=10)
MOST_LINES, MOST_METRICS = 10_000, 100_000
PLACES: dict[str, Any] = {
    Trainer.Kind.OPENAI: hosted,
    Trainer.Kind.LOCAL: local,
    Trainer.Kind.SCHEDULER: scheduler,
}


def prepare(job: FineTuneJob) -> Seen | None:
    place = PLACES[job.trainer.kind]
    if job.phase == Phase.FILES:
        return None
    act = (
        place.cancel if job.is_cancelling else {"send": place.send, "create": place.create}.get(job.phase, place.watch)
    )
    try:
        seen: Seen = act(job)
        return seen
    except Trouble as trouble:
        return Seen(trouble=str(trouble), retry_after=trouble.retry_after)


def step(job: FineTuneJob) -> bool:
    if job.phase == Phase.FILES:
        return make_files(job)
    seen: Seen | None = job.prepared
    job.cursor.pop("paused", None)
    if seen is None:  # it was prepared before the phase was known
        return False
    if seen.trouble:
        return bear(job, seen)
    job.cursor.pop("trouble", None)
    store(job, seen)
    if seen.ended == State.DONE:
        register(job)
        return True
    if seen.ended:
        job.cost = job.cost if job.cost is not None else cost_of(job)
        job.end(State(seen.ended), seen.error)
        return False
    job.phase = seen.phase or job.phase
    wait(job, seen.pause)
    return False


def wait(job: FineTuneJob, pause: timedelta | None) -> None:
    """Let go of the row for so long; a cancellation shortens it."""
    if pause is not None:
        job.cursor["paused"] = job.attempt  # until somebody claims it, who has another one
        job.rest(min(pause, LONGEST_PAUSE), State.RUNNING)


def bear(job: FineTuneJob, seen: Seen) -> bool:
    """Trouble passes: wait longer each time, say why, and give up after a day of nothing else."""
    now = timezone.now()
    told = job.cursor.get("trouble") or {"since": now.isoformat(), "n": 0}
    if now - datetime.fromisoformat(told["since"]) > TROUBLE_LIMIT:
        job.end(State.FAILED, f"Given up after a day of trouble. {seen.trouble}")
        return False
    told["n"] += 1
    job.cursor["trouble"] = told
    job.error = seen.trouble
    asked = timedelta(seconds=seen.retry_after or 0)
    wait(job, max(asked, timedelta(seconds=2 ** min(told["n"], 10))))
    return False


def make_files(job: FineTuneJob) -> bool:
    """The training and the validation split, each as a file of its own; the test split stays sealed."""
    if job.is_cancelling:
        job.end(State.CANCELLED)
        return False
    for export in (job.train_export, job.validation_export):
        if export.state in {State.FAILED, State.CANCELLED}:
            raise JobRefused(f"The {export.split} file could not be made. {export.error}".strip())
    if not (job.train_export.is_finished and job.validation_export.is_finished):
        waited = job.cursor.get("waited", 0)
        job.cursor["waited"] = waited + 1
        wait(job, timedelta(seconds=min(30, 1 + waited)))
        return False
    if not job.train_export.n_rows:
        raise JobRefused("The training split has no row that this method can learn from. See the version's files.")
    job.phase, job.cursor = Phase.SEND, {}
    return False


def store(job: FineTuneJob, seen: Seen) -> None:
    for name, value in ({"heard_at": Now()} | seen.columns).items():
        setattr(job, name, value)
    job.cursor |= seen.cursor
    keep(job, seen.lines, seen.metrics)
    if seen.total is not None:
        job.total = seen.total
    if seen.step is not None:
        job.done = max(job.done, seen.step)


def keep(job: FineTuneJob, lines: list[Line], metrics: list[Metric]) -> None:
    """Each once, whatever is told twice; what is beyond any measure is dropped."""
    if lines and job.lines.count() < MOST_LINES:
        about: dict[str, Any] = {"job": job, "project_id": job.project_id}
        rows = [TrainingLine(**about, key=one.key, at=one.at, level=one.level, text=one.text) for one in lines]
        TrainingLine.objects.bulk_create([row for row in rows if row.text], ignore_conflicts=True, batch_size=500)
    if metrics and job.metrics.count() < MOST_METRICS:
        points = [
            TrainingMetric(job=job, project_id=job.project_id, step=one.step, name=one.name, value=one.value)
            for one in metrics
        ]
        TrainingMetric.objects.bulk_create(points, ignore_conflicts=True, batch_size=500)


def register(job: FineTuneJob) -> None:
    """The model's row, which responses that name it will find; then its quality is what reviewers say."""
    if job.cost is None:
        job.cost = cost_of(job)
    name = job.result_name
    job.result, _ = LanguageModel.objects.get_or_create(
        project_id=job.project_id, provider=job.trainer.provider, name=name
    )
    record("fine-tune-finished", job, model=name, provider=job.trainer.provider)


def cost_of(job: FineTuneJob) -> Decimal | None:
    """By the trainer's price: of trained tokens, or of the time since it was started there; None without one."""
    trainer = job.trainer
    if trainer.price_per_million_tokens is not None and job.trained_tokens is not None:
        return (trainer.price_per_million_tokens * job.trained_tokens / 1_000_000).quantize(Decimal("1e-6"))
    seconds = job.cursor.get("seconds")
    if trainer.price_per_hour is not None and seconds is not None:
        return (trainer.price_per_hour * Decimal(str(seconds)) / 3600).quantize(Decimal("1e-6"))
    return None
