"""The processes of compose.yaml without containers: the same commands, in production's settings, where nothing but the
instance's own folder can be written.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.databases import database
from tests.faults.instance import ROOT, Redis, eventually, free_port, signal_all

pytestmark = [pytest.mark.postgres, pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(280)]

SITE, TOKEN = "touchstone.example", "a-token-of-the-operator-0123456789"
TEXT = "the hotel in Ulan Bator has forty-one stairs"
COMMANDS = {
    name: service.get("command")
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].items()
}


class Production:
    """One instance as compose.yaml runs it; `start` takes a service's command as it stands there."""

    def __init__(self, folder: Path, database_url: str, broker: str) -> None:
        self.folder, self.port, self.running = folder, free_port(), list[subprocess.Popen[bytes]]()
        parts = urlsplit(database_url)
        secret = {"SECRET_KEY": "s" * 60, "DATABASE_PASSWORD": parts.password or "none", "METRICS_TOKEN": TOKEN}
        for name, value in secret.items():
            (folder / name).write_text(value)
        host = f"{parts.username}@{parts.hostname}:{parts.port}"
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ENVIRONMENT": "production",
            "ALLOWED_HOSTS": SITE,
            "DATABASE_URL": f"postgres://{host}{parts.path}",
            "REDIS_URL": broker,
            "EMAIL_URL": "dummymail://",
            "TRUSTED_PROXIES": "1",
            "SWEEP_SECONDS": "1",
            "TMPDIR": str(folder / "tmp"),
            "VAR_DIR": str(folder / "var"),
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            **{f"{name}_FILE": str(folder / name) for name in secret},
        }
        (folder / "tmp").mkdir()
        (folder / "var" / "static").mkdir(parents=True)  # what the image collects

    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}") for word in words]
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                confined(self.folder, command),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """As the proxy in front would: under the site's name, over TLS."""
        headers |= {"Host": SITE, "X-Forwarded-Proto": "https", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def written(self) -> list[str]:
        return [line for log in self.folder.glob("*.log") for line in log.read_text().splitlines()]

    def stop(self) -> list[int]:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        return [process.wait(60) for process in self.running]


def confined(folder: Path, command: list[str]) -> list[str]:
    """The command where all but the folder is read-only, as in the container; only root can do that."""
    mounts = 'mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'
    words = ["unshare", "--mount", "sh", "-c", mounts, str(folder)]
    is_possible = os.geteuid() == 0 and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return [*words, *command] if is_possible else command


@pytest.fixture
def production(tmp_path: Path, redis: Redis) -> Iterator[Production]:
    folder = tmp_path / "instance"
    folder.mkdir()
    with database(folder) as address:
        made = Production(folder, address, redis.url)
        yield made
        for process in made.running:
            signal_all(process, signal.SIGKILL)
            process.wait()


def test_the_composition_serves_works_and_stops_without_a_container(production: Production) -> None:
    assert production.start(COMMANDS["migrate"]).wait(120) == 0
    for name in ("web", "worker", "beat"):
        production.start(COMMANDS[name])
    eventually(lambda: production.ask("/readyz") == (200, '{"status": "ok"}'))
    call = caller(production)
    status, text = call(
        "responses/", {"external_id": "r-1", "messages": [{"role": "user", "content": "?"}], "output": TEXT}
    )
    assert status == 201, text
    status, text = call("datasets/empty/build/", {})
    assert status == 202, text
    version = json.loads(text)["id"]
    ended = eventually(
        lambda: (found := json.loads(call(f"dataset-versions/{version}/")[1]))["state"] in ENDS and found
    )
    assert ended["state"] == "failed", ended  # by the worker, which found nothing to build from
    assert "Error" not in ended["error"], ended
    metrics = production.ask("/metrics", Authorization=f"Bearer {TOKEN}")[1]
    assert 'touchstone_request_seconds_count{method="POST",route="api:response-list",status="2xx"} 1.0' in metrics
    assert 'touchstone_workers{queue="default"} 1.0' in metrics
    assert production.stop() == [0, 0, 0, 0]
    lines = production.written()
    told = [json.loads(line) for line in lines if line.startswith("{")]  # `migrate` speaks to a person
    assert {line["route"] for line in told if line["logger"] == "feedback.requests"} >= {"api:response-list"}
    assert [line for line in lines if TEXT in line] == []


ENDS = {"done", "failed", "cancelled"}


def caller(production: Production) -> Callable[..., tuple[int, str]]:
    """A program with a key of a new project that has a dataset."""
    production.manage("project", "create", "travel", "--name", "Travel")
    production.manage("shell", "-c", DATASET)
    scopes = [word for scope in ("ingest", "datasets:read", "datasets:write") for word in ("--scope", scope)]
    key = json.loads(production.manage("apikey", "create", "app", "--project", "travel", *scopes, "--json"))["key"]
    return lambda path, body=None: production.ask(f"/api/v1/{path}", body, Authorization=f"Bearer {key}")


DATASET = """
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset
Dataset.objects.create(project=Project.objects.get(), key="empty", name="Empty")
"""
