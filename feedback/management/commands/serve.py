"""Run web, worker and beat together: `manage.py serve`. In production each may run on its own, as compose.yaml shows.

The three are children of this process. They start together, stop together, and one that dies is started again after a
pause that grows while it keeps dying. The port is opened here and handed down, so that it is ours from the beginning
and stays open while the web process restarts. HUP makes them go over to the code on the disk, and no request is lost:
a second web process starts on the same port, and the first one ends its requests and goes once the second can answer.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, CommandParser, call_command

GRACE_SECONDS = 35.0  # web requests get 30, a job gets to the end of its slice; then they are killed
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # before the first, second, … restart in a row
STEADY_SECONDS = 60.0  # a child that lived so long starts again with the shortest pause
UNUSED = ("redoc", "rest_framework")  # large static files of libraries that no page of ours shows
COLOURS = {"web": "\033[34m", "worker": "\033[32m", "beat": "\033[35m"}
# Linux only: the child is told to stop when this process is killed without a chance to stop it.
WITH_US = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass
class Child:
    name: str
    command: list[str]
    listener: socket.socket | None = None  # of the web process, which can be there twice
    process: subprocess.Popen[str] | None = None
    successor: subprocess.Popen[str] | None = None
    ready: Path | None = None  # where the successor says that it can answer
    leaving: list[subprocess.Popen[str]] = field(default_factory=list)  # still at their last requests
    is_renewed: bool = False
    deaths: int = 0
    started_at: float = 0.0
    start_after: float = 0.0
    readers: list[threading.Thread] = field(default_factory=list, repr=False)

    def start(self) -> None:
        self.process, self.started_at = self.spawned(), time.monotonic()

    def spawned(self, **environment: str) -> subprocess.Popen[str]:
        """A session of its own: Ctrl-C reaches only the parent, which stops the children in order."""
        wrapper = [sys.executable, "-c", WITH_US] if sys.platform == "linux" else []
        process = subprocess.Popen(
            [*wrapper, *self.command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            pass_fds=(self.listener.fileno(),) if self.listener else (),
            start_new_session=True,
        )
        self.readers = [reader for reader in self.readers if reader.is_alive()]
        self.readers.append(threading.Thread(target=self.relay, args=(process,), daemon=True))
        self.readers[-1].start()
        return process

    def relay(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            say(self.name, line.rstrip("\n"))

    def renew(self) -> None:
        """Go over to the code on the disk: the web process by a successor, another by ending and starting again."""
        if self.process is None or self.successor is not None:
            return
        say(self.name, "going over to the code on the disk")
        if self.listener is None:
            self.is_renewed = True
            self.process.send_signal(signal.SIGTERM)
        else:
            self.ready = Path(tempfile.mkdtemp(prefix="touchstone-serve-")) / "ready"
            self.successor = self.spawned(WEB_READY=str(self.ready))

    def look(self) -> None:
        """Start it when it is due; note when it has died; let it go when its successor can answer."""
        now = time.monotonic()
        self.leaving = [process for process in self.leaving if process.poll() is None]
        if self.successor is not None and self.ready is not None:
            self.hand_over(self.successor, self.ready)
        if self.process is None:
            if now >= self.start_after:
                self.start()
        elif self.process.poll() is not None and self.is_renewed:
            self.is_renewed = False
            self.start()
        elif self.process.poll() is not None:
            self.deaths = 0 if now - self.started_at > STEADY_SECONDS else self.deaths
            pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
            say(self.name, f"ended with code {self.process.returncode}; starting again in {pause:g} s")
            self.deaths, self.start_after, self.process = self.deaths + 1, now + pause, None

    def hand_over(self, successor: subprocess.Popen[str], ready: Path) -> None:
        is_dead = successor.poll() is not None
        if not (is_dead or ready.exists()):
            return
        if is_dead:
            say(self.name, "the code on the disk does not start; the old one goes on")
        else:
            if self.process is not None:
                self.process.send_signal(signal.SIGTERM)
                self.leaving.append(self.process)
            self.process, self.started_at = successor, time.monotonic()
            say(self.name, "runs the code on the disk")
        self.successor = None
        shutil.rmtree(ready.parent, ignore_errors=True)

    def running(self) -> list[subprocess.Popen[str]]:
        found = (self.process, self.successor, *self.leaving)
        return [process for process in found if process is not None and process.poll() is None]


def say(name: str, line: str) -> None:
    mark = f"[{name}]".ljust(9)
    if sys.stdout.isatty():
        mark = f"{COLOURS.get(name, '')}{mark}\033[0m"
    sys.stdout.write(f"{mark}{line}\n")
    sys.stdout.flush()


class Command(BaseCommand):
    help = "Run the web server, the worker and the beat until stopped."
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all.")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--web-workers", type=int, default=settings.WEB_WORKERS)
        parser.add_argument("--concurrency", type=int, default=1, help="Processes of the worker.")
        parser.add_argument("--no-migrate", action="store_true", help="Leave database and static files as they are.")

    def handle(self, *args: Any, **options: Any) -> None:
        listener = listen(options["host"], options["port"])
        if not settings.PRODUCTION and not options["no_migrate"]:
            prepare()
        self.asked_to_stop = self.asked_to_renew = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGHUP, self.renew)
        children = [
            Child("web", web_command(listener, options["web_workers"]), listener),
            Child("worker", worker_command(options["concurrency"])),
            Child("beat", celery("beat")),
        ]
        say("serve", f"Touchstone is at http://{options['host']}:{listener.getsockname()[1]}/  (Ctrl-C stops it)")
        try:
            while not self.asked_to_stop:
                for child in children:
                    if self.asked_to_renew:
                        child.renew()
                    child.look()
                self.asked_to_renew = False
                time.sleep(0.1)
        finally:
            stop_together(children)

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def renew(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_renew = True


def listen(host: str, port: int) -> socket.socket:
    """The web server's socket, opened by the parent."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be opened: {error.strerror}. Is another instance running? Choose another "
            "with --port or PORT."
        ) from error
    return listener


def web_command(listener: socket.socket, workers: int) -> list[str]:
    """gunicorn as gunicorn.conf.py says, on our socket."""
    own = ["--config", str(settings.BASE_DIR / "gunicorn.conf.py"), "--bind", f"fd://{listener.fileno()}"]
    return [sys.executable, "-m", "gunicorn", "feedback.wsgi", *own, "--workers", str(workers)]


def celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "feedback", "--quiet", *words]


def worker_command(concurrency: int) -> list[str]:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
    return celery("worker", "--concurrency", str(concurrency), *quiet)


def prepare() -> None:
    """Migrate, and collect the static files again only when one of them changed."""
    call_command("migrate", verbosity=0)
    seal = Path(settings.STATIC_ROOT) / ".fingerprint"
    now = fingerprint()
    if not seal.exists() or seal.read_text() != now:
        say("serve", "Collecting and compressing the static files ...")
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(UNUSED))
        seal.write_text(now)


def fingerprint() -> str:
    """Of names, sizes and times of all static files."""
    lines = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = os.stat(storage.path(name))
            lines.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def stop_together(children: list[Child]) -> None:
    """Ask all at once, wait for the slowest, kill what is left with everything it started."""
    say("serve", "Stopping ...")
    running = [process for child in children for process in child.running()]
    for process in running:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(process.poll() is None for process in running) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    for child in children:
        for reader in child.readers:
            reader.join(timeout=1)
