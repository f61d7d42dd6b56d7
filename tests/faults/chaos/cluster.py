"""A whole production instance on loopback: PostgreSQL, Redis, gunicorn, worker and beat, each to be killed alone.

Processes are started by the main thread only, because they are told to end with the thread that started them; what has
died starts again at the next `tend`, as a service manager would have it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from feedback.management.commands.serve import WITH_US, celery, listen, web_command, worker_command
from tests.faults.instance import ROOT, Redis, TooSlowError, eventually, free_port

RESTART_SECONDS = 0.5
TIED = [sys.executable, "-c", WITH_US]  # what follows ends with us, however we end
# Durable, as in production: what was acknowledged must survive an immediate stop.
DURABLE = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=100"]
ENVIRONMENT = {
    "ENVIRONMENT": "production",
    "DJANGO_SETTINGS_MODULE": "tests.faults.chaos.settings",
    "SECRET_KEY": "only-for-a-chaos-run-" + "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "127.0.0.1",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "TRUSTED_PROXIES": "1",
    "JOB_LEASE_SECONDS": "3",
    "SWEEP_SECONDS": "0.5",
}
OWN = {"DATABASE_URL", "REDIS_URL", "BROKER_URL", "VAR_DIR", "DEBUG", "PORT", "PYTEST_CURRENT_TEST"}


def program(name: str) -> str:
    """PostgreSQL's programs are not on the PATH in Debian; the newest version is taken."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    assert found, f"needs the program {name}"
    return found


class Postgres:
    """A cluster of its own in a folder that is already there (`create` makes one)."""

    USER = "postgres" if os.geteuid() == 0 else None  # it refuses root

    def __init__(self, folder: Path, longest: float) -> None:
        """It ends by itself after so many seconds, should nobody be left to stop it."""
        self.folder, self.longest, self.port = folder, longest, free_port()
        self.address = f"postgres://touchstone@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        self.folder.mkdir()
        if self.USER:
            shutil.chown(self.folder, self.USER)
        words = ["-U", "touchstone", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        command = [program("initdb"), "-D", str(self.folder), *words]
        subprocess.run(command, user=self.USER, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        words = [*DURABLE, f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        command = ["timeout", "--foreground", "--signal=QUIT", str(self.longest), program("postgres"), "-D"]
        command += [str(self.folder), *(word for setting in words for word in ("-c", setting))]
        log = self.folder.with_suffix(".log")
        for _ in range(3):  # what it needs of the machine may be taken for a moment
            with log.open("ab") as file:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, user=self.USER, start_new_session=True
                )
            eventually(lambda: self.ended or self.answers(), patience=120)
            if not self.ended:
                return
            time.sleep(1)
        raise TooSlowError(f"PostgreSQL did not start; its log ends: {log.read_text(errors='replace')[-1500:]}")

    @property
    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.address, connect_timeout=2):
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is a fast stop, SIGQUIT an immediate one: no goodbye, and recovery from the log at the next start."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None


class TiedRedis(Redis):
    program = (*TIED, shutil.which("redis-server") or "redis-server")


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    start_after: float = 0.0
    starts: int = 0

    def start(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*TIED, *self.command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.pass_fds,
                start_new_session=True,
            )
        self.starts += 1

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    @property
    def children(self) -> list[int]:
        listed = subprocess.run(["pgrep", "-P", str(self.pid or -1)], capture_output=True, text=True)
        return [int(pid) for pid in listed.stdout.split()]

    def signal(self, number: signal.Signals, *, whole: bool = False) -> None:
        """To the process, or with `whole` to everything it started too."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number) if whole else os.kill(self.pid, number)


class Cluster:
    def __init__(self, folder: Path, data: Path, longest: float) -> None:
        self.folder, self.postgres, self.redis = folder, Postgres(data, longest), TiedRedis()
        self.port = free_port()
        self.listener = listen("127.0.0.1", self.port)  # ours, so that the port stays when the web server dies
        os.set_inheritable(self.listener.fileno(), True)
        kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in OWN}
        own = {"DATABASE_URL": self.postgres.address, "REDIS_URL": self.redis.url, "VAR_DIR": str(folder / "var")}
        self.environment = {**kept, **ENVIRONMENT, **own, "PORT": str(self.port)}
        commands = {"web": web_command(self.listener, 2), "worker": worker_command(2), "beat": celery("beat")}
        fds = {"web": (self.listener.fileno(),)}
        self.children = [
            Child(name, command, folder / f"{name}.log", fds.get(name, ())) for name, command in commands.items()
        ]
        self.web, self.worker, self.beat = self.children

    def __enter__(self) -> Cluster:
        self.postgres.start()
        return self

    def __exit__(self, *error: object) -> None:
        for child in self.children:
            child.signal(signal.SIGCONT, whole=True)
            child.signal(signal.SIGKILL, whole=True)
            if child.process is not None:
                child.process.wait()
        self.redis.stop()
        self.postgres.stop(signal.SIGQUIT)
        self.listener.close()

    def tend(self) -> None:
        """Start what is not there, half a second after it died."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                child.process, child.start_after = None, now + RESTART_SECONDS
            if child.process is None and now >= child.start_after:
                child.start(self.environment)

    def manage(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        environment = {**self.environment, **settings}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)

    def run(self, code: str) -> Any:
        """Run code inside the instance; the JSON it prints last."""
        start = "import django, json; django.setup()\n"
        command = [sys.executable, "-c", start + code]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def is_ready(self) -> bool:
        self.tend()
        with contextlib.suppress(OSError):
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}/readyz")
            with urllib.request.urlopen(request, timeout=2) as page:
                return bool(page.status == 200)
        return False
