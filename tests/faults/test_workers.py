"""Real workers over real brokers: what happens when either is killed, stopped, doubled or silent."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from tests.faults.instance import Instance, Redis, eventually, signal_all

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]

NEW_RUN = """
import time
from tests import make
from feedback.responses.models import Response
from reviews.queues.models import Item
from reviews.sampling.models import SamplingRun
make.counter = iter(range(time.time_ns() % 10**12, 10**13))  # this database is not emptied between tests
project = make.project()
for _ in range(60):
    make.response(project)
rule = make.sampling_rule(make.queue(project, k=1), rate=0.8, seed="s")
started = time.monotonic()
run = rule.start()
answer = time.monotonic() - started
"""
STATE = """
run.refresh_from_db()
names = ("state", "attempt", "n_drawn", "n_added", "error", "cursor")
answer = {**{name: getattr(run, name) for name in names}, "items": Item.objects.filter(run_id=run.pk).count()}
"""
# The same rule without any disturbance, drawn here and now into a queue of its own.
EXPECTED = """
answer = sorted(pk for groups in run.population_draw().groups() for group in groups for pk in group)
"""
DRAWN = """
answer = sorted(Item.objects.filter(run_id=run.pk).values_list("subject__parts__response", flat=True))
"""
VERIFY = """
from reviews.sampling.invariants import difference
answer = difference(SamplingRun.objects.select_related("rule_version__queue__rubric_version").get(pk=run.pk))
"""


def state(instance: Instance) -> dict[str, Any]:
    answer: dict[str, Any] = instance.run(STATE)
    return answer


def done(instance: Instance) -> dict[str, Any]:
    """The row, once it is done, with the items of an undisturbed run."""
    try:
        eventually(lambda: state(instance)["state"] in {"done", "failed"})
    finally:
        print(instance.logs()[-6000:])  # pytest shows it when the test fails
    row = state(instance)
    assert row["state"] == "done", row
    assert instance.run(DRAWN) == instance.run(EXPECTED) != []
    assert instance.run(VERIFY) == ""
    return row


def test_a_worker_does_what_it_is_rung_for(instance: Instance) -> None:
    instance.worker()
    instance.run(NEW_RUN)
    assert done(instance)["attempt"] == 1


def test_a_killed_workers_run_ends_like_an_undisturbed_one(instance: Instance) -> None:
    worker = instance.worker(FAILPOINT="slow", CHUNK="5")
    instance.run(NEW_RUN)
    eventually(lambda: state(instance)["n_drawn"] >= 10)
    signal_all(worker, signal.SIGKILL)
    assert state(instance)["state"] == "running"
    instance.worker(CHUNK="5")
    instance.beat()
    assert done(instance)["attempt"] == 2


def test_two_workers_and_many_bells_do_the_work_once(instance: Instance) -> None:
    for _ in range(2):
        instance.worker(FAILPOINT="slow", CHUNK="15")
    instance.run(NEW_RUN)
    instance.run("for _ in range(20): run.ring()")
    row = done(instance)
    assert (row["attempt"], row["n_added"]) == (1, row["items"])


def test_a_lost_message_costs_one_sweep(instances: Any) -> None:
    instance: Instance = instances()
    instance.run(NEW_RUN)
    messages = list((instance.folder / "broker" / "messages").glob("*.msg"))
    assert len(messages) == 1
    messages[0].unlink()
    instance.worker()
    instance.beat()
    done(instance)


def test_half_a_message_does_not_end_the_worker(instances: Any) -> None:
    instance: Instance = instances()
    worker = instance.worker()
    instance.run("answer = 1")
    (instance.folder / "broker" / "messages" / "0_half.bulk.msg").write_text('{"body": "W1si')
    instance.run(NEW_RUN)
    done(instance)
    assert worker.poll() is None


SEND = """
from django.test import Client
key = make.api_key(project, "ingest", "responses:read")
row = {"external_id": "while-down", "messages": [{"role": "user", "content": "Hello?"}], "output": "Hi."}
client = Client(headers={"Authorization": "Bearer " + key})
client.get("/healthz")  # imports every page
started = time.monotonic()
sent = client.post("/api/v1/responses/", row, content_type="application/json", secure=True)
page = client.get("/api/v1/responses/")
answer = [sent.status_code, page.status_code, time.monotonic() - started]
"""


@pytest.mark.parametrize("fault", ["stopped", "hanging"])
def test_without_its_broker_all_goes_on_and_jobs_wait(instances: Any, redis: Redis, fault: str) -> None:
    instance: Instance = instances(redis.url)
    instance.worker()
    instance.beat()
    instance.run(NEW_RUN)
    done(instance)
    redis.stop() if fault == "stopped" else redis.process.send_signal(signal.SIGSTOP)
    waited = instance.run(NEW_RUN)
    assert waited < 4
    sent, page, seconds = instance.run(SEND)
    assert (sent // 100, page) == (2, 200)
    assert seconds < 4
    assert state(instance)["state"] == "queued"
    redis.start() if fault == "stopped" else redis.process.send_signal(signal.SIGCONT)
    done(instance)


@pytest.mark.postgres  # SQLite has one writer: stopping it in mid-transaction stops everybody
def test_a_stopped_worker_loses_its_job_and_changes_nothing_when_it_wakes(instances: Any, redis: Redis) -> None:
    instance: Instance = instances(redis.url)
    frozen = instance.worker(FAILPOINT="slow", CHUNK="5")
    instance.run(NEW_RUN)
    eventually(lambda: state(instance)["n_drawn"] >= 10)
    signal_all(frozen, signal.SIGSTOP)
    time.sleep(4)  # two leases
    instance.worker(CHUNK="5")
    instance.beat()
    row = done(instance)
    assert row["attempt"] == 2
    signal_all(frozen, signal.SIGCONT)
    time.sleep(2)
    assert json.dumps(state(instance)) == json.dumps(row)
    assert frozen.poll() is None
    assert "attempt 1" in instance.logs()  # it noticed, said so, and went on


def test_a_job_that_kills_its_worker_is_failed_and_others_go_on(instances: Any, redis: Redis) -> None:
    instance: Instance = instances(redis.url, JOB_LEASE_SECONDS="1")
    poisoned = instance.worker(FAILPOINT="kill")
    instance.beat()
    instance.run(NEW_RUN)
    eventually(lambda: state(instance)["state"] == "failed", patience=90)
    row = state(instance)
    assert row["error"].startswith("Given up after 5 attempts without progress.")
    assert row["items"] == 0
    assert poisoned.poll() is None
    signal_all(poisoned, signal.SIGKILL)
    instance.worker()
    instance.run(NEW_RUN)
    done(instance)
