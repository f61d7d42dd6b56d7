"""A chaos run from beginning to end, and several at the same time: python -m tests.faults.chaos --help."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.chaos import facts, staff
from tests.faults.chaos.checker import DOUBLED, LOST, Breach, check
from tests.faults.chaos.cluster import TIED, Cluster
from tests.faults.chaos.history import History, Op
from tests.faults.chaos.line import Client, Run
from tests.faults.chaos.nemesis import Nemesis
from tests.faults.chaos.reviewers import Latecomer, PageReviewer, Reviewer
from tests.faults.instance import ROOT, eventually

CROWD: dict[str, type[Client]] = {
    "ada": Reviewer, "ben": Reviewer, "cem": Reviewer, "dot": PageReviewer, "eve": PageReviewer,
    "program": staff.Program, "curator": staff.Curator, "moderator": staff.Moderator,
}  # fmt: skip
QUIET_SECONDS = 60  # without any progress, once nothing fails any more, are too many
LONGEST_END = 600  # seconds that a run may take beside its faults
MOST_TOLD = 20  # breaches of a run
GAP = 1.0  # seconds without any answer at all that count as unavailable
# What no reader may ever see, not even for a moment, whatever fails.
NEVER = {
    "I2": """SELECT 'item ' || a.item_id FROM queues_assignment a WHERE a.state = 'submitted' GROUP BY a.item_id
             HAVING count(*) > (SELECT count(*) FROM queues_place p
                                WHERE p.item_id = a.item_id AND p.state <> 'withdrawn')""",
    "I3": """SELECT 'item ' || p.item_id FROM queues_place p JOIN queues_assignment a ON a.id = p.assignment_id
             WHERE p.state = 'claimed' GROUP BY p.item_id, a.reviewer_id HAVING count(*) > 1""",
    "I10": """SELECT 'item ' || i.id FROM queues_item i WHERE n_filled <>
              (SELECT count(*) FROM queues_place p WHERE p.item_id = i.id AND p.state = 'filled')""",
}
# What is still under way: jobs, items to settle, leases that are over, surplus beside an open place.
UNDER_WAY = """
SELECT 'run ' || id || ' ' || state FROM sampling_samplingrun WHERE state IN ('queued', 'running')
UNION ALL SELECT 'version ' || id || ' ' || state FROM datasets_datasetversion WHERE state IN ('queued', 'running')
UNION ALL SELECT 'export ' || id || ' ' || state FROM datasets_export WHERE state IN ('queued', 'running')
UNION ALL SELECT 'item ' || id || ' ' || state FROM queues_item WHERE state = 'complete'
UNION ALL SELECT 'place ' || id || ' ' || state FROM queues_place WHERE state = 'claimed'
UNION ALL SELECT 'surplus ' || a.id FROM queues_assignment a JOIN queues_place p ON p.item_id = a.item_id
          WHERE a.state = 'surplus' AND p.state = 'open'
"""
NO_MORE_RUNS = "UPDATE sampling_samplingrule SET interval_minutes = NULL"
WAITING = "SELECT 'place ' || id || ' open' FROM queues_place WHERE state = 'open'"


@dataclass
class Report:
    seed: int
    seconds: float
    operations: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    refused: int = 0
    unanswered: int = 0
    retried: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    unavailable: float = 0.0
    took: float = 0.0
    breaches: list[dict[str, str]] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(breach["kind"] == kind for breach in self.breaches)

    def tell(self) -> str:
        def listed(counts: dict[str, int]) -> str:
            return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count) or "none"

        lines = [
            f"seed {self.seed}: {sum(self.operations.values())} operations in {self.seconds:.0f} s"
            f" ({self.took:.0f} s in all), {self.acknowledged} acknowledged, {self.refused} refused,"
            f" {self.unanswered} unanswered, {self.retried} sent again; {sum(self.faults.values())} faults;"
            f" lost {self.count(LOST)}, doubled {self.count(DOUBLED)}, breaches {len(self.breaches)};"
            f" unavailable {self.unavailable:.1f} s",
            f"  operations: {listed(self.operations)}",
            f"  faults: {listed(self.faults)}",
            f"  attempts without an answer: {listed(self.troubles)}",
        ]
        lines += [f"  BROKEN {Breach(**breach)}" for breach in self.breaches[:MOST_TOLD]]
        if len(self.breaches) > MOST_TOLD:
            lines.append(f"  … and {len(self.breaches) - MOST_TOLD} more in its report.json")
        return "\n".join(lines)

    def evidence(self, folder: Path) -> str:
        """The lines of the history that name what broke."""
        keys = {breach["key"] for breach in self.breaches[:MOST_TOLD]}
        lines = (folder / f"seed-{self.seed}" / "history.jsonl").read_text().splitlines()
        return "\n".join([line[:400] for line in lines if any(key in line for key in keys)][:30])


class Chaos:
    """One run. Everything happens in the caller's thread but what the clients do."""

    def __init__(self, cluster: Cluster, world: dict[str, Any], seed: int, seconds: float, folder: Path) -> None:
        self.cluster, self.seed, self.seconds, self.folder = cluster, seed, seconds, folder
        self.history = History(folder / "history.jsonl")
        self.nemesis = Nemesis(cluster, self.history, str(seed), seconds)
        self.world, self.breaches = world, list[Breach]()

    def run(self) -> Report:
        started = time.monotonic()
        eventually(self.cluster.is_ready, patience=180)
        run = Run(self.cluster.port, self.world, self.history)
        crowd = [kind(run, name, str(self.seed)) for name, kind in CROWD.items()]
        for client in crowd:
            if not isinstance(client, staff.Program) and type(client) is not Reviewer:
                client.sign_in()
        self.trouble(crowd, run)
        self.finish()
        fact = self.read_facts()
        self.breaches += check(self.history.ops, fact)
        return self.report(time.monotonic() - started)

    def trouble(self, crowd: Sequence[Client], run: Run) -> None:
        """Clients and faults side by side; then all is healed, and what was begun is sent until it is answered."""
        self.history.begin()
        for client in crowd:
            client.start()
        end, look_at = time.monotonic() + self.seconds, 0.0
        while time.monotonic() < end:
            self.nemesis.work()
            if time.monotonic() >= look_at:
                self.look()
                look_at = time.monotonic() + 0.5
            time.sleep(0.05)
        self.history.note(part="healing")
        self.nemesis.heal()
        run.over.set()
        self.join(crowd)
        self.history.note(part="healed")

    def look(self) -> None:
        """What the database shows now may never be wrong, also in mid-fault."""
        try:
            with psycopg.connect(self.cluster.postgres.address, connect_timeout=1) as connection:
                for rule, query in NEVER.items():
                    for (key,) in connection.execute(query).fetchmany(5):
                        self.breaches.append(Breach(rule, "broken", key, f"seen at {self.history.now()} s"))
        except psycopg.OperationalError:
            pass  # it is down, so nobody sees anything

    def join(self, crowd: Sequence[Client]) -> None:
        end = time.monotonic() + 40
        for client in crowd:
            while client.is_alive() and time.monotonic() < end:
                self.cluster.tend()
                client.join(0.1)
        if any(client.is_alive() for client in crowd):
            self.breaches.append(Breach("client", "broken", "end", "somebody got no answer from a healthy instance"))
        for client in crowd:
            client.shared.give_up.set()
            client.join(30)
            if client.failure is not None:
                self.breaches.append(Breach("client", "broken", client.name, repr(client.failure)))

    def finish(self) -> None:
        """Open what was paused, let latecomers take all that waits, and wait until nothing moves any more."""
        run = Run(self.cluster.port, self.world, self.history)
        curator = staff.Curator(run, "curator", f"{self.seed} end")
        curator.sign_in("curator-again")
        for queue in ("single", "pairs"):
            curator.set_state(queue, "open")
        with psycopg.connect(self.cluster.postgres.address) as connection:
            connection.execute(NO_MORE_RUNS)
        self.settle(UNDER_WAY)
        late = [Latecomer(run, name, str(self.seed)) for name in self.world["links"] if name.startswith("late-")]
        for client in late:
            client.start()
        self.settle(f"{UNDER_WAY} UNION ALL {WAITING}")
        run.over.set()
        self.join(late)
        self.history.note(part="quiet")

    def settle(self, query: str) -> None:
        """Until nothing is left; what shrinks is given time, for machines are slow."""
        fewest, deadline = 0, 0.0
        while left := self.ask(query):
            self.cluster.tend()
            if deadline == 0.0 or len(left) < fewest:
                fewest, deadline = len(left), time.monotonic() + QUIET_SECONDS
            elif time.monotonic() > deadline:
                text = f"{len(left)} under way, and no progress for {QUIET_SECONDS} s: {', '.join(left[:10])}"
                self.breaches.append(Breach("I5", "broken", left[0], text))
                return
            time.sleep(0.2)

    def ask(self, query: str) -> list[str]:
        with psycopg.connect(self.cluster.postgres.address) as connection:
            return [row[0] for row in connection.execute(query)]

    def read_facts(self) -> facts.Facts:
        verified = self.cluster.manage("verify", "--json")
        assert verified.stdout, verified.stderr
        promises = json.loads(verified.stdout)["invariants"]
        logs = [child.log for child in self.cluster.children]
        return facts.read(self.cluster.postgres.address, self.folder / "var" / "files", promises, logs)

    def report(self, took: float) -> Report:
        ops = [op for op in self.history.ops if op.kind != "read"]
        report = Report(self.seed, self.seconds, dict(Counter(op.kind for op in ops)), self.nemesis.counts, took=took)
        report.acknowledged = sum(op.is_done for op in ops)
        report.unanswered = sum(op.status is None for op in ops)
        report.refused = len(ops) - report.acknowledged - report.unanswered
        report.retried = sum(op.attempts > 1 for op in ops)
        report.troubles = dict(Counter(trouble for op in self.history.ops for trouble in op.troubles))
        report.unavailable = gaps(self.history.ops, self.seconds)
        report.breaches = [asdict(breach) for breach in self.breaches]
        (self.folder / "report.json").write_text(json.dumps(asdict(report), indent=1))
        return report


def gaps(ops: Sequence[Op], seconds: float) -> float:
    """Seconds of the run in which nobody was answered for longer than GAP."""
    ends = sorted(op.ended for op in ops if op.status is not None and op.ended <= seconds)
    waits = (after - before for before, after in zip([0.0, *ends], [*ends, seconds], strict=True))
    return sum(wait for wait in waits if wait > GAP)


def prepare(folder: Path) -> None:
    """An instance's database with its project in it, to be copied for every seed."""
    folder.mkdir()
    cluster = Cluster(folder, folder / "data", LONGEST_END)
    cluster.postgres.create()
    with cluster:
        # Between two statements of a migration Python may think for longer than the short lease of the run.
        migrated = cluster.manage("migrate", "-v0", JOB_LEASE_SECONDS="120")
        assert migrated.returncode == 0, migrated.stderr
        world = cluster.run("from tests.faults.chaos.world import build\nprint(build())")
        (folder / "world.json").write_text(json.dumps(world))
        cluster.postgres.stop()


def run_seed(seed: int, seconds: float, folder: Path, template: Path) -> Report:
    folder.mkdir()
    subprocess.run(["cp", "-a", str(template / "data"), str(folder / "data")], check=True)
    world = json.loads((template / "world.json").read_text())
    with Cluster(folder, folder / "data", seconds + LONGEST_END) as cluster:
        return Chaos(cluster, world, seed, seconds, folder).run()


def campaign(seeds: Sequence[int], seconds: float, folder: Path) -> list[Report]:
    """All seeds at the same time, each in a process and an instance of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL's own user must pass through
    prepare(folder / "template")
    command = [*TIED, sys.executable, "-m", "tests.faults.chaos", "--seconds", str(seconds), "--folder", str(folder)]
    running = [subprocess.Popen([*command, "--one", str(seed)], cwd=ROOT) for seed in seeds]
    try:
        for process in running:
            process.wait(seconds + LONGEST_END)
    finally:
        for process in running:
            process.terminate()  # it stops its servers
    return [Report(**json.loads((folder / f"seed-{seed}" / "report.json").read_text())) for seed in seeds]
