"""Keeps one training process: `python supervise.py FOLDER`.

It is started detached and outlives the worker that began it, whose successor finds in FOLDER what became of it. It
knows nothing of Django and imports nothing but Python. `run.json` says what to run and its limits; `started.json`
appears once, so that of two of us the second leaves; `ended.json` is the last thing written.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

GRACE = 15  # seconds between asking and killing


def start_of(pid: int) -> str:
    """When a process began, by its machine's own count, so that another one with its number is not taken for it; empty
    when it is gone.
    """
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "" if words[0] in {"Z", "X"} else words[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return ""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def identity(pid: int) -> dict[str, Any]:
    return {"host": platform.node(), "boot": boot(), "pid": pid, "start": start_of(pid)}


def write_once(path: Path, content: Any) -> bool:
    """Whole or not at all; False when it is there already."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps(content))
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    return True


def limit(plan: dict[str, Any]) -> None:
    """What the process inherits: it is never in the way of others, and takes no more memory than it may."""
    import resource

    os.nice(plan["nice"])
    if plan["memory"]:
        resource.setrlimit(resource.RLIMIT_AS, (plan["memory"], plan["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pump(source: BinaryIO, path: Path, most: int) -> None:
    """Its words into the log, up to so many bytes; the rest is read and dropped, for a full pipe would stop it."""
    written = 0
    with path.open("ab", buffering=0) as log:
        while block := os.read(source.fileno(), 65536):
            if written < most:
                log.write(block[: most - written])
                written += len(block)
                if written >= most:
                    log.write(b"\nThe log is full; the rest is dropped.\n")


def later(seconds: float, act: Callable[[], None]) -> threading.Timer:
    """As a daemon: nobody waits for it when the process has ended by itself."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer


def watched(process: subprocess.Popen[bytes], seconds: float) -> str:
    """Wait for its end; why it was ended by us, or nothing."""
    why = ""

    def stop(*_: Any) -> None:
        nonlocal why
        why = why or "stopped"
        process.terminate()
        later(GRACE, process.kill)

    def overdue() -> None:
        nonlocal why
        why = why or "time"
        process.terminate()

    signal.signal(signal.SIGTERM, stop)
    timer, last = later(seconds, overdue), later(seconds + GRACE, process.kill)
    process.wait()
    timer.cancel()
    last.cancel()
    return why


def main(folder: Path) -> None:
    plan = json.loads((folder / "run.json").read_text())
    if not write_once(folder / "started.json", identity(os.getpid())):
        return
    limit(plan)
    try:
        process = subprocess.Popen(
            plan["command"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        write_once(folder / "ended.json", {"code": -1, "why": f"It could not be started: {error.strerror}."})
        return
    assert process.stdout is not None
    reader = threading.Thread(target=pump, args=(process.stdout, folder / "log.txt", plan["log_bytes"]), daemon=True)
    reader.start()
    why = watched(process, plan["seconds"])
    with contextlib.suppress(ProcessLookupError, PermissionError):  # children that it left behind hold the pipe open
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
    reader.join(GRACE)
    write_once(folder / "ended.json", {"code": process.returncode, "why": why})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
