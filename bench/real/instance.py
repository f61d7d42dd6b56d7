"""An instance of our own for runs on real data: a fresh database, `manage.py serve` beside us, and plain HTTP to it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA_DIR", ROOT.parent / "shared" / "data"))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def rows_of(name: str) -> list[dict[str, Any]]:
    """The rows of a JSONL or CSV file of DATA_DIR; ends with a sentence when it is not there."""
    path = DATA / name
    if not path.exists():
        sys.exit(f"{name} is not in {DATA}; set DATA_DIR to the folder that holds it.")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if name.endswith(".csv") else [json.loads(line) for line in file]


class Instance:
    """The API of a running instance, by a key with every scope that the runs need."""

    def __init__(self, address: str, key: str) -> None:
        self.address, self.key = address, key
        self.times: dict[str, float] = {}

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path} answered {error.code}: {error.read().decode()[:2000]}")

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, json.dumps(body).encode() if body is not None else None)

    def send(self, path: str, rows: Iterable[dict[str, Any]]) -> Any:
        """Rows as one NDJSON stream."""
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return self.call("POST", path, lines.encode(), "application/x-ndjson")

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def until_done(self, path: str, seconds: float = 300) -> Any:
        """Ask for a job until it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.get(path)
            if job["state"] in {"done", "failed", "cancelled"}:
                if job["state"] != "done":
                    sys.exit(f"{path} {job['state']}: {job['error']}")
                return job
            time.sleep(0.3)
        sys.exit(f"{path} was not done after {seconds} s.")

    def download(self, export: int, to: Path) -> Path:
        """The file of an export, checked against the checksum in the answer's header."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.address}/exports/{export}/download/", headers=headers)
        with urllib.request.urlopen(request, timeout=600) as answer:
            content, promised = answer.read(), answer.headers["X-Checksum-Sha256"]
        if hashlib.sha256(content).hexdigest() != promised:
            sys.exit("The downloaded file does not have the checksum that was promised.")
        to.write_bytes(content)
        return to

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.times[what] = time.monotonic() - start


def prepare(slug: str) -> tuple[Any, str]:
    """A project and a key, made in this process; call before `serving`."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from feedback.accounts.models import ApiKey, Project
    from feedback.permissions import SCOPES

    call_command("migrate", verbosity=0)
    project, _ = Project.objects.get_or_create(slug=slug, defaults={"name": slug})
    return project, ApiKey.issue(project, "real input", [scope for scope in SCOPES if scope != "review"])[1]


@contextmanager
def serving(key: str) -> Iterator[Instance]:
    """Web, worker and beat on this VAR_DIR and DATABASE_URL, stopped at the end."""
    port = os.environ["PORT"]
    log = Path(os.environ["VAR_DIR"]) / "serve.log"
    with log.open("wb") as out:
        serve = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "serve"], stdout=out, stderr=out, cwd=ROOT)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            sys.exit(f"The instance did not start; see {log}.")
        yield Instance(f"{address}/api/v1", key)
    finally:
        serve.terminate()
        serve.wait(60)


def every_shape(api: Instance, version: int) -> dict[str, str]:
    """A version written in every shape: rows in the file, and how many each leaves out for which reason."""
    from feedback.datasets.models import Export

    found = {}
    for shape in Export.Shape.values:
        export = api.post(f"/dataset-versions/{version}/exports/", {"shape": shape})
        export = api.until_done(f"/exports/{export['id']}/")
        left_out = export["manifest"].get("left_out", {})
        found[f"as {shape}"] = f"{export['n_rows']} rows" + (f", left out {left_out}" if left_out else "")
    return found


def own_surroundings() -> None:
    """A VAR_DIR and PORT of our own unless they are given, so that nothing real is touched."""
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="touchstone-real-"))
    os.environ.setdefault("PORT", str(free_port()))


def until_settled(queue: Any, seconds: float = 300) -> None:
    """Wait for the beat and the worker to settle every complete item of the queue."""
    from reviews.queues.models import Item

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not Item.objects.filter(queue=queue, state__in=["open", "complete"]).exists():
            return
        time.sleep(0.5)
    sys.exit("The items were not settled in time.")


def report(title: str, figures: dict[str, Any], times: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<28} {value}")
    for name, seconds in times.items():
        print(f"  seconds to {name:<17} {seconds:.1f}")
