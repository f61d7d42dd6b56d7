"""The Celery app: a doorbell for rows of work, never their memory (DESIGN §5)."""

import logging
import os
import threading
import time
from typing import Any

from celery import Celery, bootsteps
from celery.worker import state
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.transport import TRANSPORT_ALIASES

from feedback.patience import limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
TRANSPORT_ALIASES["filesystem"] = "feedback.bell:Transport"  # kombu's own loses the worker to half-written messages

SWEEPS_MISSED = 12

log = logging.getLogger(__name__)

app = Celery("touchstone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Ear(bootsteps.StartStopStep):
    """Connect again when an idle worker has heard nothing for as long as twelve sweeps take.

    A Redis that goes away between a message and its acknowledgement leaves a worker that believes to be busy: it never
    listens again and never notices (kombu 5.7: "Couldn't ack", then silence). Losing the connection on purpose heals
    that and every other deafness; where no beat rings, it costs one quiet reconnection.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        self.timer = None
        if consumer.hub is not None:  # transports without an event loop (files) read in a loop of their own
            self.patience = SWEEPS_MISSED * settings.SWEEP_SECONDS
            self.heard, self.since = self.count(), time.monotonic()
            self.timer = consumer.timer.call_repeatedly(self.patience / 4, self.listen, (consumer,))

    def stop(self, consumer: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def count(self) -> int:
        return int(sum(state.total_count.values()))

    def listen(self, consumer: Any) -> None:
        now, heard = time.monotonic(), self.count()
        if heard != self.heard or state.reserved_requests:
            self.heard, self.since = heard, now
        elif now - self.since > self.patience:
            raise consumer.connection_errors[0](f"no message for {now - self.since:.0f} s")


app.steps["consumer"].add(Ear)


class Limits(bootsteps.StartStopStep):
    """Bound how long statements of this worker may take, before its pool is forked."""

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        limit("worker")


app.steps["worker"].add(Limits)


class Pulse(bootsteps.StartStopStep):
    """Write every few seconds that this worker is alive, for the jobs page (reviews/monitoring/models.py).

    From a thread of its own: a database that is slow or away costs the worker nothing but its sign of life.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.live, args=(worker,), name="pulse", daemon=True)
        self.thread.start()

    def stop(self, worker: Any) -> None:
        self.over.set()
        self.thread.join(timeout=5)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def live(self, worker: Any) -> None:
        from reviews.monitoring.models import BEAT_SECONDS

        while True:
            self.write(worker)
            if self.over.wait(BEAT_SECONDS):
                break
        self.write(worker, is_last=True)

    def write(self, worker: Any, *, is_last: bool = False) -> None:
        beats = apps.get_model("monitoring", "WorkerBeat")._default_manager
        facts = {"bells": sorted(worker.app.amqp.queues.consume_from), "processes": worker.concurrency}
        try:
            if is_last:
                beats.filter(name=worker.hostname, pid=os.getpid()).delete()
            else:
                beats.mark(worker.hostname, os.getpid(), **facts, busy=len(state.active_requests))
        except DatabaseError as error:
            log.warning("this worker's sign of life was not written: %s", error)
        finally:
            connection.close()  # of this thread; the pool's processes must not inherit an open one


app.steps["worker"].add(Pulse)
