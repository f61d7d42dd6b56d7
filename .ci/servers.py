"""Run a command with a PostgreSQL and a Redis of its own, or install the Debian packages that the tests need.

    python .ci/servers.py run pytest tests -m postgres
    python .ci/servers.py install

Both servers live in a temporary directory, on free ports of the loopback interface, and are gone when the command ends,
also after Ctrl-C or a failure. Servers that already run on this machine are not touched. Needs nothing but Python.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

# What must be found, and the Debian packages that bring it.
NEEDED = {
    "postgres": ["postgresql"],
    "redis-server": ["redis-server"],
    "chromium": ["chromium", "fonts-noto-color-emoji"],
}
# Only the disk may lie: commits are durable against a killed server, which is what the tests try.
POSTGRES_SETTINGS = ["fsync=off", "full_page_writes=off", "max_connections=200", "listen_addresses=127.0.0.1"]
START_SECONDS = 60


def find(program: str) -> str | None:
    """The program's path; PostgreSQL's server programs are not on the PATH in Debian, the newest version is taken."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    return str(versions[-1]) if versions else shutil.which(program)


def install() -> None:
    """Install the missing packages with apt-get, or say which are missing and stop."""
    packages = [package for program, names in NEEDED.items() if not find(program) for package in names]
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(
            f"Missing for these tests: {' '.join(packages)}.\n"
            f"On Debian or Ubuntu install them with:  sudo apt-get install {' '.join(packages)}\n"
            "Elsewhere put the programs of PostgreSQL 15 or later, Redis 7 or later and Chromium on the PATH."
        )
    print("Installing Debian packages:", " ".join(packages), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def server(command: list[str], port: int, log: Path, user: str | None, stop: signal.Signals) -> Iterator[None]:
    """Run a server until the block ends; it counts as started when its port answers."""
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches the tests first, and the servers stop after them.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=user, start_new_session=True
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{Path(command[0]).name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A new cluster in the folder; gives its DATABASE_URL. PostgreSQL refuses root: it then runs as `postgres`."""
    data, port = folder / "postgres", free_port()
    user = "postgres" if os.geteuid() == 0 else None
    data.mkdir()
    if user:
        shutil.chown(data, user)
    initdb = [
        str(find("initdb")),
        "-D",
        str(data),
        "-U",
        "touchstone",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run(initdb, user=user, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
    settings = [*POSTGRES_SETTINGS, f"port={port}", f"unix_socket_directories={data}"]
    command = [str(find("postgres")), "-D", str(data), *(word for setting in settings for word in ("-c", setting))]
    with server(command, port, folder / "postgres.log", user, signal.SIGINT):
        address = f"postgres://touchstone@127.0.0.1:{port}/touchstone"
        create = [str(find("createdb")), "-h", "127.0.0.1", "-p", str(port), "-U", "touchstone", "touchstone"]
        for attempt in range(100):  # the port answers a moment before the server takes connections
            result = subprocess.run(create, capture_output=True, text=True)
            if result.returncode == 0:
                break
            if attempt == 99:
                raise SystemExit(f"createdb failed: {result.stderr}")
            time.sleep(0.1)
        yield address


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis that keeps nothing; gives its REDIS_URL."""
    port = free_port()
    (folder / "redis").mkdir()
    command = [str(find("redis-server")), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder / "redis")]
    command += ["--save", "", "--appendonly", "no"]
    with server(command, port, folder / "redis.log", None, signal.SIGTERM):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def real_servers() -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of servers that live as long as the block."""
    install()
    folder = Path(tempfile.mkdtemp(prefix="touchstone-"))
    folder.chmod(0o755)  # the postgres user must pass through
    try:
        with postgres(folder) as database, redis(folder) as broker:
            yield {"DATABASE_URL": database, "REDIS_URL": broker}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop_cleanly(number: int, frame: FrameType | None) -> None:
    """Leave through the `finally` blocks when asked to stop."""
    raise SystemExit(128 + number)


def main() -> None:
    signal.signal(signal.SIGTERM, stop_cleanly)
    match sys.argv[1:]:
        case ["install"]:
            install()
        case ["run", *command] if command:
            with real_servers() as addresses:
                print("  ".join(f"{name}={value}" for name, value in addresses.items()), flush=True)
                try:
                    code = subprocess.run(command, env={**os.environ, **addresses}).returncode
                except KeyboardInterrupt:
                    code = 130
            raise SystemExit(code)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
