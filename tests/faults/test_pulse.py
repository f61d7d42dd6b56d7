"""A real worker's sign of life: there while it works, gone when it is stopped in order, silent when it is killed."""

from __future__ import annotations

import signal

import pytest

from tests.faults.instance import Instance, eventually, signal_all

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]

ALIVE = """
from reviews.monitoring.models import WorkerBeat
answer = [[row.pid, row.bells, row.processes] for row in WorkerBeat.objects.order_by("pid")]
"""


def test_a_worker_is_heard_of_until_it_is_stopped(instance: Instance) -> None:
    instance.run("from reviews.monitoring.models import WorkerBeat; WorkerBeat.objects.all().delete()")
    first, second = instance.worker(), instance.worker()
    rows = eventually(lambda: rows if len(rows := instance.run(ALIVE)) == 2 else None)
    assert [row[0] for row in rows] == sorted([first.pid, second.pid])
    assert all(row[1:] == [["bulk", "default", "stats"], 1] for row in rows)
    first.send_signal(signal.SIGTERM)
    first.wait(60)
    assert [row[0] for row in instance.run(ALIVE)] == [second.pid]
    signal_all(second, signal.SIGKILL)
    assert [row[0] for row in instance.run(ALIVE)] == [second.pid]
