"""The Celery app: a doorbell for rows of work, never their memory (DESIGN §5)."""

import os
import time
from typing import Any

from celery import Celery, bootsteps
from celery.worker import state
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
TRANSPORT_ALIASES["filesystem"] = "feedback.bell:Transport"  # kombu's own loses the worker to half-written messages

SWEEPS_MISSED = 12

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
