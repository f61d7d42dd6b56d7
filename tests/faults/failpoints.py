"""A worker that fails where a test wants it to: `celery -A tests.faults.failpoints worker`.

FAILPOINT=slow waits in every chunk, inside its transaction; FAILPOINT=kill kills the worker's process there. CHUNK
makes the chunks of a sampling run small, so that there are several. CLOCK_HOURS puts its clock off.
"""

import os
import signal
import time
from typing import Any

from celery.signals import worker_process_init

from feedback.celery import app
from tests.faults import clock

__all__ = ["app"]

clock.put_off()


@worker_process_init.connect
def arm(**_: Any) -> None:
    from reviews.sampling import draw
    from reviews.sampling.models import SamplingRun

    draw.CHUNK = int(os.environ.get("CHUNK", draw.CHUNK))
    draw_chunk = SamplingRun.draw_chunk

    def failing(run: SamplingRun) -> bool:
        done = draw_chunk(run)
        match os.environ.get("FAILPOINT"):
            case "slow":
                time.sleep(0.3)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
        return done

    SamplingRun.draw_chunk = failing  # type: ignore[method-assign, assignment]
