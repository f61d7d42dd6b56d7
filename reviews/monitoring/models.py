"""What the room remembers itself: which workers have been heard of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

BEAT_SECONDS = 10  # between two signs of life of a worker
SILENT_SECONDS = 40  # four of them: then it is taken for gone
FORGOTTEN = timedelta(minutes=10)  # then the next sign of life of another worker removes its row


class WorkerBeatQuerySet(models.QuerySet["WorkerBeat"]):
    def with_silence(self) -> Self:
        """Each with `silence`: how long nobody has heard of it, by the database's clock."""
        age = models.ExpressionWrapper(Now() - models.F("seen_at"), output_field=models.DurationField())
        return self.annotate(silence=age)

    def mark(self, name: str, pid: int, **facts: Any) -> None:
        """A sign of life. `facts`: the bells it hears, its processes and how many of them are busy."""
        if self.filter(name=name, pid=pid).update(seen_at=Now(), **facts):
            return
        self.filter(seen_at__lt=Now() - FORGOTTEN).delete()
        self.update_or_create(name=name, pid=pid, defaults={"seen_at": Now(), **facts})


class WorkerBeat(models.Model):
    """A worker process and when it was last heard of.

    The only table of ours without a project: workers serve all of them. Each worker writes its own row every
    BEAT_SECONDS (`Pulse` in feedback/celery.py) and takes it away when it is stopped in good order.
    """

    name = models.CharField(max_length=200, help_text="As Celery calls it: celery@host.")
    pid = models.PositiveIntegerField()
    bells = models.JSONField(default=list, help_text="Celery queues that it hears.")
    processes = models.PositiveIntegerField(default=1)
    busy = models.PositiveIntegerField(default=0, help_text="Jobs in its hands when it was last heard of.")
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    silence: timedelta  # by `with_silence`

    objects = WorkerBeatQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("name", "pid", name="worker_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"
