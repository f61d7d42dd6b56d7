"""A deploy under work: what was begun is ended, what comes meanwhile is answered, nothing is lost (F30)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults.instance import Instance, eventually
from tests.faults.test_workers import NEW_RUN, done, state

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def hold(instance: Instance, aside: ThreadPoolExecutor) -> Future[Any]:
    """A submit that stands before its commit, in the web process."""
    answer = aside.submit(instance.call, "tests.faults.crashes", "held", "submit_by_rest", "before commit")
    eventually((instance.folder / "held").exists)
    return answer


def let_go(instance: Instance) -> None:
    (instance.folder / "let-go").touch()


def test_a_web_process_that_is_asked_to_stop_answers_first(alone: Any, aside: ThreadPoolExecutor) -> None:
    instance: Instance = alone(JOB_LEASE_SECONDS="120")  # whoever holds a transaction for longer is sent away
    web = instance.fragile_web()
    answer = hold(instance, aside)
    web.send_signal(signal.SIGTERM)
    eventually(lambda: not instance.answers())
    assert not answer.done()
    let_go(instance)
    assert answer.result(60) == 200
    assert web.wait(60) == 0
    assert instance.call("tests.faults.crashes", "broken") == []


def test_a_new_web_process_answers_while_the_old_one_ends(alone: Any, aside: ThreadPoolExecutor) -> None:
    instance: Instance = alone(JOB_LEASE_SECONDS="120")  # whoever holds a transaction for longer is sent away
    web = instance.fragile_web()
    answer = hold(instance, aside)
    web.send_signal(signal.SIGHUP)
    eventually(instance.answers)
    assert not answer.done()
    let_go(instance)
    assert answer.result(60) == 200
    assert instance.call("tests.faults.crashes", "plainly", "submit_by_rest") == [200]
    assert instance.call("tests.faults.crashes", "broken") == []


def test_a_worker_that_is_asked_to_stop_ends_its_slice_first(alone: Any) -> None:
    instance: Instance = alone()
    worker = instance.worker(FAILPOINT="slow", CHUNK="5")
    instance.run(NEW_RUN)
    eventually(lambda: state(instance)["n_drawn"] >= 10)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert done(instance)["attempt"] == 1
