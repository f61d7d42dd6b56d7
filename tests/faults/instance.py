"""A whole instance for a test: its own database, files, broker and processes, gone when the test ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
PORTS: list[IO[str]] = []  # locked, each for a port of this process
PATIENCE = 60.0  # seconds until a test gives up waiting; machines that build other things are slow


def free_port() -> int:
    """Nobody else's of those that ask here while this process lives, listened on or not: several instances start at
    the same time. Not of those that outgoing connections are given: a server that was stopped finds its own free again.
    """
    folder = Path(tempfile.gettempdir()) / "touchstone-ports"
    folder.mkdir(exist_ok=True)
    while True:
        port = random.randrange(20_000, 30_000)
        ours = (folder / str(port)).open("w")
        with socket.socket() as listener, contextlib.suppress(OSError):
            fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
            listener.bind(("127.0.0.1", port))
            PORTS.append(ours)
            return port
        ours.close()


class TooSlowError(AssertionError):
    """What a test waited for did not come in its time: a busy machine, or a fault. The test is asked once more."""


def eventually(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until it is true, and give it back."""
    deadline = time.monotonic() + patience
    while not (result := what()):
        if time.monotonic() > deadline:
            raise TooSlowError(f"still {result!r} after {patience:g} s")
        time.sleep(0.1)
    return result


class Redis:
    """A Redis of the test's own, so that it can be stopped and comes back empty."""

    program: tuple[str, ...] = ("redis-server",)

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [*self.program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self.answers)

    def answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


class Postgres:
    """A PostgreSQL of the test's own that keeps what it acknowledged. It refuses root, and runs as postgres then."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.url = f"postgres://touchstone@127.0.0.1:{self.port}/touchstone"
        for parent in [folder, *folder.parents][:6]:  # the other user must pass through pytest's folders
            parent.mkdir(exist_ok=True)
            if self.user and parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        if self.user:
            shutil.chown(folder, self.user)
        self.do("initdb", "-D", str(folder), "-U", "touchstone", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def do(self, program: str, *words: str, check: bool = True) -> int:
        command = [postgres_program(program), *words]
        return subprocess.run(command, user=self.user, check=check, stdout=subprocess.DEVNULL, cwd="/").returncode

    def start(self) -> None:
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        words = [word for setting in [*settings, "fsync=on"] for word in ("-c", setting)]
        for _ in range(5):  # processes of its life before may hold its memory for a moment
            self.process = subprocess.Popen(
                [postgres_program("postgres"), "-D", str(self.folder), *words],
                user=self.user,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
            eventually(lambda: self.process.poll() is not None or self.answers())
            if self.process.poll() is None:
                return
            time.sleep(1)
        raise TooSlowError("PostgreSQL did not start")

    def answers(self) -> bool:
        return self.do("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), check=False) == 0

    def copy(self, address: str) -> None:
        """The database at the address becomes the one here."""
        self.do("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "touchstone", "touchstone")
        dump = [postgres_program("pg_dump"), "--no-owner", "--dbname", address]
        with subprocess.Popen(dump, stdout=subprocess.PIPE) as reader:
            load = [postgres_program("psql"), "--quiet", "--output", "/dev/null", "--dbname", self.url]
            subprocess.run(load, stdin=reader.stdout, check=True)

    def stop(self) -> None:
        """At once, as in a crash: nothing is flushed, and the next start recovers."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)


def postgres_program(name: str) -> str:
    """Debian keeps them in folders by version, off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return str(found[-1]) if found else str(shutil.which(name))


class Instance:
    def __init__(self, folder: Path, database: str, broker: str = "", **settings: str) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[Any]]()
        kept = {k: v for k, v in os.environ.items() if k not in {"REDIS_URL", "BROKER_URL", "PYTEST_CURRENT_TEST"}}
        self.environment = {
            **kept,
            "VAR_DIR": str(folder),
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "feedback.settings",
            "PORT": str(free_port()),
            "JOB_LEASE_SECONDS": "2",
            "SWEEP_SECONDS": "0.5",
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            **({"REDIS_URL": broker} if broker else {}),
            **settings,
        }
        self.console: subprocess.Popen[str] | None = None

    def start(self, *words: str, **environment: str) -> subprocess.Popen[Any]:
        """A process of the instance, in a group of its own so that all of it can be killed or stopped."""
        log = (self.folder / f"process-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def worker(self, **environment: str) -> subprocess.Popen[Any]:
        words = ["-m", "celery", "-A", "tests.faults.failpoints", "--quiet", "worker", "--concurrency", "1"]
        return self.start(*words, "--without-mingle", "--without-gossip", "--loglevel", "INFO", **environment)

    def fragile_web(self, **environment: str) -> subprocess.Popen[Any]:
        """The web process of tests/faults/fragile_web.py, once it answers."""
        words = ["-m", "gunicorn", "--config", "python:tests.faults.fragile_web"]
        process = self.start(*words, "--bind", f"127.0.0.1:{self.environment['PORT']}", **environment)
        eventually(self.answers)
        return process

    def beat(self) -> subprocess.Popen[Any]:
        return self.start("-m", "celery", "-A", "feedback", "--quiet", "beat")

    def run(self, code: str) -> Any:
        """Run code inside the instance; what it leaves in `answer`."""
        if self.console is None:
            self.console = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.console"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.console.stdin is not None
        assert self.console.stdout is not None
        self.console.stdin.write(json.dumps(code) + "\n")
        self.console.stdin.flush()
        line = next(line for line in self.console.stdout if line.startswith("\x00"))
        reply = json.loads(line[1:])
        assert "error" not in reply, reply["error"]
        return reply["answer"]

    def call(self, module: str, function: str, *words: Any) -> Any:
        """What a function of a module gives when it is called inside the instance."""
        return self.run(f"from {module} import {function}\nanswer = {function}(*{words!r})")

    def answers(self) -> bool:
        """Whether the web process is there."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.environment['PORT']}/healthz", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("process-*.log")))

    def close(self) -> None:
        for process in self.processes:
            signal_all(process, signal.SIGCONT)
            signal_all(process, signal.SIGKILL)
            process.wait()
        if self.console is not None:
            self.console.kill()
            self.console.wait()


def signal_all(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    """To the process and everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def has_redis() -> bool:
    return shutil.which("redis-server") is not None
