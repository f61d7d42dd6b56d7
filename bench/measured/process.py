"""What a benchmark needs of the machine: a gunicorn of its own, processor time and memory of processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import connection

from feedback.management.commands import serve

ROOT = Path(__file__).resolve().parent.parent.parent


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, as far as they are on this machine."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def backend() -> int:
    """The process of this connection in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def memory(pid: int, *, peak: bool = False) -> float:
    """Resident megabytes, now or at most since the process began."""
    name = "VmHWM" if peak else "VmRSS"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def forget_peak(pid: int) -> None:
    """So that the next peak is of what follows."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class Web:
    """Gunicorn as `manage.py serve` starts it, on a free port, as long as the `with` block lasts."""

    def __init__(self, app: str = "feedback.wsgi") -> None:
        self.listener = serve.listen("127.0.0.1", 0)
        self.port: int = self.listener.getsockname()[1]
        self.begun = time.perf_counter()
        command = serve.web_command(self.listener, settings.WEB_WORKERS)
        command[command.index("feedback.wsgi")] = app
        self.process = subprocess.Popen(command, cwd=ROOT, pass_fds=(self.listener.fileno(),))

    @property
    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children]

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        return [self.process.pid, *self.workers]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.listener.close()
