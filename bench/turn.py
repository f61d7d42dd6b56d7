"""A reviewer's turn by the clock: claim, and submit answered with the next item, through HTMX and REST.

    DATABASE_URL=postgres://… python bench/turn.py [--items 1000 100000 1000000] [--turns 60] [--clients 8]

Gunicorn as `manage.py serve` starts it, clients on the same machine that speak HTTP by hand (turns/crowd.py). Beside
it, in the same run: a bare Django project (turns/bare.py), and the claiming SQL by pgbench. Texts lie where the runs
read (turns/seed.py). The longest queue is also looked at by somebody 100,000 items ahead, and aged by 10,000 items that
were skipped and 10,000 leases that are over. Every run ends with a look for a turn that two people got.

Processor milliseconds hold on a busy machine too; they are web + database + client.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}  # counted as ever, and never reached

import django  # noqa: E402

django.setup()

from bench.table import Line, Size, add, asked  # noqa: E402
from bench.turns.crowd import Ready, Run  # noqa: E402
from bench.turns.people import bare_claimer, bare_reader, claimer, program, reader, visitor  # noqa: E402
from bench.turns.seed import TEXT, Seeded  # noqa: E402
from bench.turns.server import Server, told  # noqa: E402
from feedback.management.commands import serve  # noqa: E402
from reviews.queues import statements  # noqa: E402
from reviews.queues.claim import claim  # noqa: E402

AIM = "≥ 75 /s on 2 quiet cores"
DATABASE = os.environ.get("DATABASE_URL", "").replace("postgres://", "postgresql://", 1)
BARE_CLAIM = """UPDATE queues_place SET state = 'withdrawn' WHERE id = (
    SELECT id FROM queues_place WHERE queue_id = %(queue)s AND lane = 1 AND state = 'open'
    ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED);"""
OUR_CLAIM = f"""BEGIN; {statements.LOCK_FRONT}; {statements.TAKE_NEXT}; COMMIT;
UPDATE queues_assignment SET state = 'skipped' WHERE reviewer_id = %(reviewer)s AND state = 'claimed';"""


def floor(items: int, turns: int, clients: int) -> list[tuple[Run, str]]:
    """The bare project: pairs of two requests, the view that only claims, and the one that also reads what is shown."""
    fill = [sys.executable, str(ROOT / "bench/turns/bare.py"), str(items), str(clients), TEXT]
    sessions = subprocess.run(fill, check=True, capture_output=True, text=True).stdout.split()
    with Server("bench.turns.bare:application") as server:
        pairs = server.run([visitor(server.port, session) for session in sessions], turns)
        claims = server.run([bare_claimer(server.port) for _ in range(clients)], turns * 4)
        reads = server.run([bare_reader(server.port, session) for session in sessions], turns * 2)
    return [pairs, claims, reads]


def engine(seeded: Seeded, clients: int) -> list[Line]:
    """Our claiming SQL, and leaving again, by pgbench; prepared, as the product sends it, and not."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    if not found:
        return [Line("claiming SQL by pgbench", "left out: pgbench is not installed")]
    values = {"queue": seeded.queue.pk, "reviewer": ":reviewer", "lane": 0, "token": "gen_random_uuid()"}
    first = min(seeded.person().pk for _ in range(clients))
    paces = []
    for sql, mode in ((BARE_CLAIM, "simple"), (OUR_CLAIM, "simple"), (OUR_CLAIM, "prepared")):
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(f"\\set reviewer :client_id + {first}\n{sql % values}\n")
            script.flush()
            command = [str(found[-1]), "-n", "-M", mode, "-c", str(clients), "-j", "2", "-T", "5", "-f", script.name]
            said = subprocess.run([*command, "-d", DATABASE], check=True, capture_output=True, text=True).stdout
        paces.append(float(said.partition("tps = ")[2].split()[0]))
    bare, ours, prepared = paces
    beside, name = f"one bare claiming statement, {bare:,.0f} /s", f"pgbench, {clients} clients, {seeded.n:,} items"
    return [
        Line(f"{name}: claiming SQL and leaving, prepared", f"{prepared:,.0f} /s", beside, prepared / bare),
        Line("the same, planned anew each time", f"{ours:,.0f} /s", beside, ours / bare),
    ]


def emptiness(seeded: Seeded) -> Line:
    """Somebody who has judged all that is still open: the first answer looks at everything, the next ones do not."""
    done, times = seeded.ahead(seeded.n), []
    for _ in range(6):
        since = time.perf_counter()
        assert claim(seeded.queue, done) is None
        times.append(1000 * (time.perf_counter() - since))
    again, name = sorted(times[1:])[2], f"claim when nothing is left and {seeded.n:,} items are seen"
    return Line(f"{name}: asked again", f"{again:.1f} ms", f"asked first, {times[0]:.0f} ms", again / times[0])


class Measures:
    """The lines of the table, as the runs bring them."""

    def __init__(self, server: Server, options: argparse.Namespace, floor: tuple[Run, str]) -> None:
        self.server, self.options, self.floor = server, options, floor[0]
        self.lines: list[Line] = []
        self.beside = f"bare project, two requests: {told(*floor)}"

    def pairs(self, what: str, people: list[Ready], turns: int, aim: str = "") -> None:
        run, cpu = self.server.run(people, turns)
        self.lines.append(Line(what, told(run, cpu), self.beside, run.pace / self.floor.pace, aim))

    def pages(self, seeded: Seeded, clients: int, aged: str = "") -> None:
        turns = min(self.options.turns, seeded.n * seeded.k // clients // 2)
        people = [reader(self.server.port, seeded, seeded.person()) for _ in range(clients)]
        what = f"page, {clients} reviewers, {seeded.n:,} items{aged}, k = {seeded.k}"
        self.pairs(what, people, turns, AIM if clients > 1 else "")

    def programs(self, seeded: Seeded) -> None:
        people = [program(self.server.port, seeded, seeded.person()) for _ in range(self.options.clients)]
        self.pairs(f"REST submit with next, {len(people)} programs, {seeded.n:,} items", people, self.options.turns)

    def claims(self, seeded: Seeded, claim: tuple[Run, str], read: tuple[Run, str]) -> None:
        people = [claimer(self.server.port, seeded, seeded.person()) for _ in range(self.options.clients)]
        run, cpu = self.server.run(people, self.options.turns)
        what = f"REST claim, {len(people)} programs, {seeded.n:,} items"
        beside = f"bare view, one statement and no session: {told(*claim)}"
        self.lines.append(Line(what, told(run, cpu), beside, run.pace / claim[0].pace, "≥ 0.5"))
        beside = f"bare view, session, person, claim and texts: {told(*read)}"
        self.lines.append(Line(f"the same {what}", told(run, cpu), beside, run.pace / read[0].pace))

    def far_ahead(self, seeded: Seeded, short: Seeded, ahead: int) -> None:
        times = self.options.turns * 2
        few, _ = self.server.run([claimer(self.server.port, short, short.person())], times)
        run, _ = self.server.run([claimer(self.server.port, seeded, seeded.ahead(ahead))], times)
        what = f"REST claim of somebody {ahead:,} ahead, {seeded.n:,} items, p95"
        beside = f"of a new one, {short.n:,} items: {few.p95:.1f} ms"
        self.lines.append(Line(what, f"{run.p95:.1f} ms", beside, run.p95 / few.p95, "≤ 1.5"))


def measure(options: argparse.Namespace) -> list[Line]:
    *shorter, longest = sorted(options.items)
    pairs, *claims = floor(longest, options.turns, options.clients)
    with Server() as server:
        found = Measures(server, options, pairs)
        for n, k in product(shorter, options.k):
            found.pages(Seeded(n, k), options.clients)
        seeded = Seeded(longest, options.k[0])
        found.pages(seeded, options.clients)
        found.pages(seeded, 1)
        found.programs(seeded)
        found.claims(seeded, *claims)
        found.far_ahead(seeded, Seeded(min(options.items), 3), min(options.ahead, longest // 2))
        some = min(10_000, longest // 10)
        seeded.given_back(some, skip=longest * 6 // 10)
        seeded.expired(some, skip=longest * 8 // 10)
        found.pages(seeded, options.clients, f" ({some:,} given back, {some:,} leases over)")
    middle = Seeded(shorter[-1] if shorter else longest, 3)
    last = Line("turns that two people got, in all runs", str(server.duplicates), aim="0")
    return [*found.lines, *engine(seeded, options.clients), emptiness(middle), last]


def main() -> None:
    options = asked(
        __doc__,
        items=Size([1_000, 100_000, 1_000_000], [200, 400]),
        k=Size([1, 3], [3], "of the shorter queues; the longest has the first"),
        ahead=Size(100_000, 100),
        turns=Size(60, 4, "of each client in each run"),
        clients=Size(8, 2),
    )
    serve.prepare()
    add("turn", "A reviewer's turn", measure(options))


if __name__ == "__main__":
    main()
