"""Run web, worker and beat together: `manage.py serve`. In production each may run on its own, as compose.yaml shows.

The three are children of this process. They start together, stop together, and one that dies is started again after a
pause that grows while it keeps dying. The port is opened here and handed down, so that it is ours from the beginning
and stays open while the web process restarts.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
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
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[str] | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_after: float = 0.0
    reader: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """A session of its own: Ctrl-C reaches only the parent, which stops the children in order."""
        wrapper = [sys.executable, "-c", WITH_US] if sys.platform == "linux" else []
        self.process = subprocess.Popen(
            [*wrapper, *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            pass_fds=self.pass_fds,
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        self.reader = threading.Thread(target=self.relay, args=(self.process,), daemon=True)
        self.reader.start()

    def relay(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            say(self.name, line.rstrip("\n"))

    def look(self) -> None:
        """Start it when it is due; note when it has died."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_after:
                self.start()
        elif self.process.poll() is not None:
            self.deaths = 0 if now - self.started_at > STEADY_SECONDS else self.deaths
            pause = PAUSES[min(self.deaths, len(PAUSES) - 1)]
            say(self.name, f"ended with code {self.process.returncode}; starting again in {pause:g} s")
            self.deaths, self.start_after, self.process = self.deaths + 1, now + pause, None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """With everything it started: worker and web have children of their own."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


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
        self.asked_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        children = [
            Child("web", web_command(listener, options["web_workers"]), (listener.fileno(),)),
            Child("worker", worker_command(options["concurrency"])),
            Child("beat", celery("beat")),
        ]
        say("serve", f"Touchstone is at http://{options['host']}:{listener.getsockname()[1]}/  (Ctrl-C stops it)")
        try:
            while not self.asked_to_stop:
                for child in children:
                    child.look()
                time.sleep(0.1)
        finally:
            stop_together(children)

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True


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
    """Threads, because a slow upload must not hold a whole process; workers are renewed before they grow."""
    command = [sys.executable, "-m", "gunicorn", "feedback.wsgi", "--bind", f"fd://{listener.fileno()}"]
    command += ["--workers", str(workers), "--worker-class", "gthread", "--threads", "4", "--keep-alive", "15"]
    command += ["--max-requests", "5000", "--max-requests-jitter", "500", "--timeout", "60"]
    command += ["--graceful-timeout", "30", "--no-control-socket", "--log-level", "warning"]
    return command


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
    """Ask all at once, wait for the slowest, kill what is left."""
    say("serve", "Stopping ...")
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    running = [child.process for child in children if child.process is not None]
    while any(process.poll() is None for process in running) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        child.kill()
        if child.reader is not None:
            child.reader.join(timeout=1)
