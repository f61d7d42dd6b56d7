"""What reviewers feel of other work on the same machine: claims and pairs alone, beside an ingest, beside a build.

    DATABASE_URL=postgres://… python bench/together.py [--items 100000] [--pairs 2000] [--turns 100] [--clients 8]

One gunicorn, one database, one run. Reviewers claim over REST, and submit through HTMX and get the next item in the
answer, as in turn.py: first alone, then while a sender posts bulk NDJSON through the same gunicorn without a pause,
then while a process of its own, as a worker is, builds a dataset version and writes its file again and again. The ratio
is that of the 95th percentiles: what the other work costs whoever waits for an item. Two cores are shared by all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}

import django  # noqa: E402

django.setup()

from django.core.files.storage import default_storage  # noqa: E402
from django.db import connections  # noqa: E402

from bench.measured import judged, rows  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from bench.turns.crowd import Ready, Run  # noqa: E402
from bench.turns.people import claimer, reader  # noqa: E402
from bench.turns.seed import Seeded  # noqa: E402
from bench.turns.server import Server, told  # noqa: E402
from feedback import jobs  # noqa: E402
from feedback.datasets import exports  # noqa: E402
from feedback.datasets.models import DatasetVersion, Export  # noqa: E402
from feedback.management.commands import serve  # noqa: E402
from tests import make  # noqa: E402

Person = Callable[[int, Seeded, Any], Ready]
TURNS: dict[str, Person] = {"claim over REST": claimer, "submit with next through HTMX": reader}


class Beside:
    """Work in a process of its own, again and again until it is told to stop; it counts what it got done."""

    def __init__(self, what: str, unit: str, once: Callable[[int], int]) -> None:
        context = multiprocessing.get_context("fork")
        self.what, self.unit = what, unit
        self.once = once  # given how often it was done before, says how many it did
        self.times, self.done, self.stop = context.Value("q", 0), context.Value("q", 0), context.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        connections.close_all()  # nothing is inherited by a process that is forked
        self.stop.clear()
        process = multiprocessing.get_context("fork").Process(target=self.work)
        process.start()
        try:
            yield
        finally:
            self.stop.set()
            process.join(300)
        assert process.exitcode == 0, f"The work beside the reviewers broke off: {process.exitcode}"

    def work(self) -> None:
        while not self.stop.is_set():
            self.done.value += self.once(self.times.value)
            self.times.value += 1


def ingest(port: int, n: int) -> Beside:
    """Bodies of n new rows, one after another."""
    project = make.project(f"bench-{uuid.uuid4().hex[:8]}")
    key, data = make.api_key(project, "ingest"), rows.ndjson(rows.made(n))

    def once(number: int) -> int:
        rows.send(port, key, data.replace(b'"bench-', b'"%d-' % number))
        return n

    return Beside("while bulk NDJSON comes in", "rows ingested", once)


def build(n: int) -> Beside:
    """A version of n pairs, and its file."""
    world = judged.settled(n)

    def once(number: int) -> int:
        version = world.dataset.build()
        jobs.run(DatasetVersion, version.pk)
        version.refresh_from_db()
        export = exports.request(version, "preference")
        jobs.run(Export, export.pk)
        export.refresh_from_db()
        opened = n - version.statistics["by_split"].get("test", 0)  # the test split is sealed
        assert export.n_rows == opened, (version.state, version.error, export.state, export.error)
        default_storage.delete(export.file)
        return n

    return Beside("while versions are built and exported", "pairs built and exported", once)


class Measures:
    def __init__(self, server: Server, seeded: Seeded, options: argparse.Namespace) -> None:
        self.server, self.seeded, self.options = server, seeded, options
        self.alone: dict[str, Run] = {}
        self.lines: list[Line] = []

    def run(self, turn: str) -> tuple[Run, str]:
        people = [TURNS[turn](self.server.port, self.seeded, self.seeded.person()) for _ in range(self.options.clients)]
        return self.server.run(people, self.options.turns)

    def by_themselves(self) -> None:
        for turn in TURNS:
            self.run(turn)  # so that nothing is new to the workers
            self.alone[turn], cpu = self.run(turn)
            self.lines.append(Line(f"{turn}, {self.options.clients} reviewers alone", told(self.alone[turn], cpu)))

    def beside(self, work: Beside) -> None:
        for turn in self.alone:
            with work.going_on():
                before = work.done.value
                run, cpu = self.run(turn)
                got = work.done.value - before
            self.compared(turn, work.what, run, f"{told(run, cpu)}; {got:,} {work.unit} meanwhile")

    def by_themselves_again(self) -> None:
        """What the longer history, and the hour, changed on their own."""
        for turn in self.alone:
            run, cpu = self.run(turn)
            self.compared(turn, "alone again, after all that", run, told(run, cpu))

    def compared(self, turn: str, what: str, run: Run, figure: str) -> None:
        p95 = self.alone[turn].p95
        self.lines.append(Line(f"{turn}, {what}", figure, f"p95 alone, {p95:.0f} ms", run.p95 / p95))


def main() -> None:
    options = asked(
        __doc__,
        items=Size(100_000, 400),
        pairs=Size(2_000, 100, "in each version that is built"),
        rows=Size(2_000, 100, "in one body that is ingested"),
        turns=Size(100, 4, "of each reviewer in each run"),
        clients=Size(8, 2),
    )
    serve.prepare()
    building = build(options.pairs)
    with Server() as server:
        found = Measures(server, Seeded(options.items, 1), options)
        found.by_themselves()
        found.beside(ingest(server.port, options.rows))
        found.beside(building)
        found.by_themselves_again()
        lines = [*found.lines, Line("turns that two people got, in all runs", str(server.duplicates), aim="0")]
    add("together", "Reviewing beside other work", lines)


if __name__ == "__main__":
    main()
