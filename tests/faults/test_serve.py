"""`manage.py serve`: three children, one address, several instances side by side."""

from __future__ import annotations

import signal
import subprocess
from functools import partial
from typing import Any

import pytest

from tests.faults.instance import Instance, eventually

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]


def serve(instance: Instance) -> subprocess.Popen[Any]:
    return instance.start("manage.py", "serve", "--no-migrate", "--web-workers", "1")


def children(process: subprocess.Popen[Any], word: str) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(process.pid), "-f", word], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def has_three_children(process: subprocess.Popen[str]) -> bool:
    return len(children(process, "feedback")) == 3


def test_two_instances_run_side_by_side_and_stop_with_everything_they_started(instances: Any) -> None:
    made: list[Instance] = [instances(), instances()]
    running = [serve(instance) for instance in made]
    for instance in made:
        eventually(instance.answers)
    for process in running:
        eventually(partial(has_three_children, process))
    pids = [pid for process in running for pid in children(process, "feedback")]
    running[0].send_signal(signal.SIGTERM)
    running[1].send_signal(signal.SIGINT)
    assert [process.wait(60) for process in running] == [0, 0]
    alive = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(map(str, pids))], capture_output=True, text=True)
    assert alive.stdout.strip() == ""
    assert f"Touchstone is at http://127.0.0.1:{made[0].environment['PORT']}/" in made[0].logs()


def test_a_port_that_is_taken_is_said_in_a_sentence(instances: Any) -> None:
    instance: Instance = instances()
    first = serve(instance)
    eventually(instance.answers)
    second = serve(instance)
    assert second.wait(60) == 1
    assert f"Port {instance.environment['PORT']} on 127.0.0.1 cannot be opened" in instance.logs()
    assert first.poll() is None


def test_a_child_that_dies_is_started_again(instances: Any) -> None:
    instance: Instance = instances()
    process = serve(instance)
    (worker,) = eventually(lambda: children(process, "celery.*worker"))
    subprocess.run(["kill", "-9", str(worker)], check=True)
    (again,) = eventually(lambda: [pid for pid in children(process, "celery.*worker") if pid != worker])
    assert again != worker
    assert "[worker] ended with code -9; starting again in 1 s" in instance.logs()


def test_nothing_is_left_when_the_parent_is_killed(instances: Any) -> None:
    instance: Instance = instances()
    process = serve(instance)
    eventually(instance.answers)
    eventually(lambda: len(children(process, "feedback")) == 3)
    pids = ",".join(str(pid) for pid in children(process, "feedback"))
    process.kill()
    process.wait()
    eventually(lambda: not subprocess.run(["ps", "-o", "pid=", "-p", pids], capture_output=True, text=True).stdout)
