"""HUP to `manage.py serve` while eight clients review without a pause: nobody sees an error, and nothing is doubled."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.faults.instance import Instance, eventually
from tests.faults.test_serve import children

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(280)]

CLIENTS = 8
SETUP = f"""
from feedback.responses.models import ChangedDay, Response
from tests import make
project = make.project("rolling-{{name}}")
queue = make.queue(project, k=1, key="rolling")
make.items(queue, 4000)
newest = Response.objects.filter(project=project).latest("pk")
ChangedDay.objects.create(project=project, day=newest.responded_at.date())
members = [make.member(project) for _ in range({CLIENTS})]
answer = [make.api_key(project, "review", member=member) for member in members]
"""
COUNT = """
from reviews.queues.models import Assignment, Place
from tests.make import Review
mine = dict(project__slug="rolling-{name}")
answer = [Review.objects.filter(**mine).count(), Place.objects.filter(state="filled", **mine).count(),
          Assignment.objects.filter(state="submitted", **mine).count()]
"""
ANSWERS = {"grounded": "yes", "helpful": 4}


class Client:
    """A program that keeps its connection, as most do, and takes every answer but the right one for a failure."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key, self.done, self.failures = port, key, 0, list[str]()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(self, path: str, body: dict[str, Any], expected: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.connection.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != expected:
            raise http.client.HTTPException(f"{answer.status} to {path}: {text[:200]}")
        found: dict[str, Any] = json.loads(text)
        return found

    def work(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                token = self.post("queues/rolling/claim/", {}, 201)["token"]
                sent = {"answers": ANSWERS, "submission_id": str(uuid.uuid4())}
                self.post(f"assignments/{token}/submit/", sent, 200)
                self.done += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                self.connection.close()


def web_masters(process: subprocess.Popen[Any]) -> list[int]:
    return children(process, "gunicorn")


def more_than(clients: list[Client], n: int) -> bool:
    assert [failure for client in clients for failure in client.failures] == []
    return sum(client.done for client in clients) > n


def renewed(process: subprocess.Popen[Any], old: list[int]) -> bool:
    now = web_masters(process)
    return len(now) == 1 and now != old


@pytest.mark.proof
def test_no_request_fails_while_the_service_goes_over_to_new_code(instances: Any) -> None:
    instance: Instance = instances(RATE_LIMIT="")
    process = instance.start("manage.py", "serve", "--no-migrate", "--web-workers", "2")
    name = uuid.uuid4().hex[:8]
    keys = instance.run(SETUP.replace("{name}", name))
    eventually(instance.answers)
    clients = [Client(int(instance.environment["PORT"]), key) for key in keys]
    over = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for client in clients:
            pool.submit(client.work, over)
        try:
            for _ in range(2):
                before, old = sum(client.done for client in clients), web_masters(process)
                process.send_signal(signal.SIGHUP)
                eventually(partial(renewed, process, old))
                eventually(partial(more_than, clients, before + 40))
        finally:
            over.set()
    assert [failure for client in clients for failure in client.failures] == []
    done = sum(client.done for client in clients)
    assert instance.run(COUNT.replace("{name}", name)) == [done, done, done]


def test_code_that_does_not_start_leaves_the_old_one_serving(instances: Any) -> None:
    instance: Instance = instances()
    process = instance.start("manage.py", "serve", "--no-migrate", "--web-workers", "1")
    eventually(instance.answers)
    (master,) = web_masters(process)
    broken = instance.folder / "secret_key"  # the settings refuse an empty one
    kept = broken.read_text()
    broken.write_text("short")
    process.send_signal(signal.SIGHUP)
    eventually(lambda: "does not start; the old one goes on" in instance.logs())
    broken.write_text(kept)
    assert instance.answers()
    assert web_masters(process) == [master]
