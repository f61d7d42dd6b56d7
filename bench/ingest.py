"""Rows a second of ingest on PostgreSQL, beside a raw COPY of the same records into the same tables of the same size.

    DATABASE_URL=postgres://… python bench/ingest.py [--held 0 1000000] [--rows 20000] [--rounds 3] [--senders 8]

In turn, the best round of each: COPY of columns that were computed before (the floor of the schema and its indexes),
by one connection and by as many as there are senders; `insert` of prepared rows; the whole of ingest from NDJSON bytes
in memory; NDJSON over REST through gunicorn, by one sender and by all at once. What a round put in is taken out again.
All this over tables that hold nothing, and a million responses of the same kind: ingest is flat when its ratio to COPY
is. Processor time is ours, gunicorn's and the database's together. At the end one large body is sent, and the memory
that the web process takes for it is looked at: it is read as it comes, so that its size should not matter.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench.measured import records, rows  # noqa: E402
from bench.measured.process import Web, forget_peak, memory, processor_seconds  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from feedback.accounts.models import ApiKey  # noqa: E402
from feedback.responses import insert as inserting  # noqa: E402
from feedback.responses.ingest import Delivery  # noqa: E402
from feedback.responses.names import Names  # noqa: E402
from feedback.responses.reading import from_ndjson  # noqa: E402
from tests import make  # noqa: E402

AIM = "≥ 0.40"


class Load:
    """The same records in every form in which they can go in."""

    def __init__(self, options: argparse.Namespace, held: int, web: Web) -> None:
        self.n, self.held, self.web, self.senders = options.rows, held, web, options.senders
        self.project = make.project(f"bench-{held}-{time.time():.0f}")
        if held:
            records.fill(self.project, held)
        self.before = records.newest(self.project)
        self.data = rows.ndjson(rows.made(self.n))
        self.prepared = records.prepared(self.project, rows.made(self.n))
        self.key = ApiKey.issue(self.project, "bench", ["ingest"])[1]
        self.threads = ThreadPoolExecutor(self.senders)  # which keep their database connections

    def ways(self) -> dict[str, Callable[[], object]]:
        """What each does to the records; all that can be done before is done before."""
        chunks, parts = records.columns(self.project, self.prepared), self.parts()
        shares = [chunks[start :: self.senders] for start in range(self.senders)]
        return {
            "COPY": lambda: records.copy(chunks),
            "COPY together": lambda: list(self.threads.map(records.copy, shares)),
            "insert": self.inserted,
            "ingest": self.ingested,
            "REST": lambda: self.sent(self.data),
            "REST together": lambda: list(self.threads.map(self.sent, parts)),
        }

    def parts(self) -> list[bytes]:
        lines = self.data.split(b"\n")
        return [b"\n".join(lines[start :: self.senders]) for start in range(self.senders)]

    def inserted(self) -> None:
        names = Names(self.project)
        for start in range(0, self.n, records.CHUNK):
            with transaction.atomic():
                inserting.insert(self.project, None, names, self.prepared[start : start + records.CHUNK])

    def ingested(self) -> None:
        rows_in = from_ndjson(io.BytesIO(self.data), gzip=False, max_bytes=sys.maxsize)
        for _ in Delivery(self.project, None).take(rows_in):
            pass

    def sent(self, data: bytes) -> None:
        rows.send(self.web.port, self.key, data)

    def measured(self, way: Callable[[], object]) -> tuple[float, float]:
        """Seconds by the clock and of all processors."""
        clock, processor = time.perf_counter(), self.used()
        way()
        taken = time.perf_counter() - clock, self.used() - processor
        there = self.project.responses.filter(pk__gt=self.before).count()
        assert there == self.n, f"{there:,} of {self.n:,} rows are in"
        records.remove(self.project, self.before)
        return taken

    def warm(self) -> None:
        """So that every worker has its modules, its connections and the project's names."""
        some = b"\n".join(self.data.split(b"\n")[:20])
        list(self.threads.map(self.sent, [some] * 4 * self.senders))
        records.remove(self.project, self.before)

    def used(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            backends = [pid for (pid,) in cursor.fetchall()]
        return processor_seconds([os.getpid(), *self.web.pids, *backends])

    def best(self, rounds: int) -> dict[str, tuple[float, float]]:
        self.warm()
        found: dict[str, tuple[float, float]] = {}
        for _ in range(rounds):
            for name, way in self.ways().items():
                clock, processor = self.measured(way)
                least = found.get(name, (clock, processor))
                found[name] = min(clock, least[0]), min(processor, least[1])
        return found

    def lines(self, best: dict[str, tuple[float, float]]) -> list[Line]:
        floor, together = ((name, best[name][0]) for name in ("COPY", "COPY together"))
        what = {
            "COPY": ("COPY", None, ""),
            "COPY together": (f"COPY by {self.senders} connections", floor, ""),
            "insert": ("insert of prepared rows", floor, ""),
            "ingest": ("ingest of NDJSON in memory", floor, ""),
            "REST": ("REST, one sender", floor, AIM),
            "REST together": (f"REST, {self.senders} senders at once", together, AIM),
        }
        return [
            Line(
                f"{words}, {self.held:,} held",
                self.told(*best[name]),
                f"{what[beside[0]][0]}, {self.n / beside[1]:,.0f} rows/s" if beside else "",
                beside[1] / best[name][0] if beside else None,
                aim,
            )
            for name, (words, beside, aim) in what.items()
        ]

    def told(self, clock: float, processor: float) -> str:
        pace = f"{self.n / clock:,.0f} rows/s, {len(self.data) / clock / 1e6:.1f} MB/s"
        return f"{pace}, {1e6 * processor / self.n:.0f} µs of processor a row"


def flat(ratios: dict[int, dict[str, float]]) -> list[Line]:
    """The share of COPY that is left where the tables are long."""
    least, most = min(ratios), max(ratios)
    return [
        Line(
            f"{name}, its share of COPY over {most:,} held", f"{ratios[most][name]:.2f}",
            f"over {least:,} held, {ratios[least][name]:.2f}", ratios[most][name] / ratios[least][name], "flat: 1",
        )
        for name in ("REST", "REST together")
    ]  # fmt: skip


def large(load: Load, bodies: list[int]) -> list[Line]:
    """Bodies of so many times the records; each is larger than the one before."""
    lines = []
    for number, times in enumerate(bodies):
        blocks = [load.data.replace(b'"bench-', b'"%d-%d-' % (number, block)) + b"\n" for block in range(times)]
        for pid in load.web.workers:
            forget_peak(pid)
        before = {pid: memory(pid) for pid in load.web.workers}
        rows.send(load.web.port, load.key, *blocks)
        grown = max(memory(pid, peak=True) - held for pid, held in before.items())
        mb = sum(map(len, blocks)) / 1e6
        lines.append(Line(f"memory that one body of {mb:,.0f} MB adds to a web process", f"{grown:.0f} MB"))
    return lines


def main() -> None:
    options = asked(
        __doc__,
        held=Size([0, 1_000_000], [0, 2_000], "responses that are there before"),
        rows=Size(20_000, 800),
        rounds=Size(3, 1),
        senders=Size(8, 4),
        bodies=Size([1, 4], [1, 2], "large bodies, in multiples of the rows"),
    )
    call_command("migrate", verbosity=0)
    lines, ratios = [], {}
    with Web() as web:
        for held in options.held:
            load = Load(options, held, web)
            found = load.lines(load.best(options.rounds))
            ratios[held] = dict(zip(("REST", "REST together"), (line.ratio or 0 for line in found[-2:]), strict=True))
            lines += found
            load.threads.shutdown()
        lines += [*flat(ratios), *large(load, options.bodies)]
    add("ingest", f"Ingest of rows of {len(load.data) / load.n / 1000:.1f} kB", lines)


if __name__ == "__main__":
    main()
