"""What goes wrong, drawn from the seed: every kind once before any comes again, some at the same time as others.

Each fault is undone within the seconds it names; `heal` undoes what is left.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from tests.faults.chaos.cluster import Child, Cluster
from tests.faults.chaos.history import History
from tests.faults.instance import eventually

Undo = Callable[[], None]
STOP, CONT, KILL = signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL


def nothing() -> None:
    """The product, or who restarts its processes, heals this alone."""


def one_of(child: Child, dice: random.Random) -> int:
    return dice.choice(child.children or [0])


def signal_one(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if pid:
            os.kill(pid, number)


def kill_web_worker(cluster: Cluster, dice: random.Random) -> Undo:
    signal_one(one_of(cluster.web, dice), KILL)
    return nothing


def stop_web_worker(cluster: Cluster, dice: random.Random) -> Undo:
    pid = one_of(cluster.web, dice)
    signal_one(pid, STOP)
    return lambda: signal_one(pid, CONT)


def kill_web(cluster: Cluster, dice: random.Random) -> Undo:
    """The master alone: its workers notice that they are orphans."""
    cluster.web.signal(KILL)
    return nothing


def restart_web(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.web.signal(signal.SIGTERM)
    return nothing


def reload_web(cluster: Cluster, dice: random.Random) -> Undo:
    """New workers take over from the old ones, as in a deployment."""
    cluster.web.signal(signal.SIGHUP)
    return nothing


def kill_worker(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.worker.signal(KILL, whole=True)
    return nothing


def kill_worker_child(cluster: Cluster, dice: random.Random) -> Undo:
    signal_one(one_of(cluster.worker, dice), KILL)
    return nothing


def stop_worker(cluster: Cluster, dice: random.Random) -> Undo:
    """Longer than the lease of its job, so that another attempt begins before it wakes up."""
    cluster.worker.signal(STOP, whole=True)
    return lambda: cluster.worker.signal(CONT, whole=True)


def kill_beat(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.beat.signal(KILL)
    return nothing


def kill_redis(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.redis.stop()
    return cluster.redis.start


def flush_redis(cluster: Cluster, dice: random.Random) -> Undo:
    import redis

    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(cluster.redis.url, socket_timeout=2) as client:
        client.flushall()
    return nothing


def stop_redis(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.redis.process.send_signal(STOP)
    return lambda: cluster.redis.process.send_signal(CONT)


def restart_postgres(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.postgres.stop(signal.SIGINT)
    return cluster.postgres.start


def crash_postgres(cluster: Cluster, dice: random.Random) -> Undo:
    cluster.postgres.stop(signal.SIGQUIT)
    return cluster.postgres.start


def end_backends(cluster: Cluster, dice: random.Random) -> Undo:
    """Some connections of the product are cut, whatever they were doing."""
    ours = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY 1"
    with psycopg.connect(cluster.postgres.address, autocommit=True) as connection:
        pids = [row[0] for row in connection.execute(ours)]
        for pid in dice.sample(pids, k=(len(pids) + 1) // 2):
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
    return nothing


@dataclass(frozen=True)
class Fault:
    begin: Callable[[Cluster, random.Random], Undo]
    target: str  # one fault at a time for each
    holds: tuple[float, float]  # seconds until it is undone

    @property
    def name(self) -> str:
        return self.begin.__name__.replace("_", "-")


FAULTS = (
    Fault(kill_web_worker, "web", (0.5, 1)),
    Fault(stop_web_worker, "web", (3, 7)),
    Fault(kill_web, "web", (1, 2)),
    Fault(restart_web, "web", (1, 2)),
    Fault(reload_web, "web", (1, 2)),
    Fault(kill_worker, "worker", (1, 2)),
    Fault(kill_worker_child, "worker", (0.5, 1)),
    Fault(stop_worker, "worker", (5, 8)),
    Fault(kill_beat, "beat", (1, 2)),
    Fault(kill_redis, "redis", (0.5, 4)),
    Fault(flush_redis, "redis", (0, 1)),
    Fault(stop_redis, "redis", (2, 6)),
    Fault(restart_postgres, "postgres", (0, 1.5)),
    Fault(crash_postgres, "postgres", (0, 1.5)),
    Fault(end_backends, "postgres", (0, 0.5)),
)


WORK = 20  # operations between two faults, on a machine that is fast enough


class Nemesis:
    def __init__(self, cluster: Cluster, history: History, seed: str, seconds: float) -> None:
        self.cluster, self.history = cluster, history
        self.patience = seconds / len(FAULTS)  # so that every kind comes, however slow the machine is
        self.random = random.Random(f"{seed} nemesis")
        self.deck: list[Fault] = []
        self.pending: list[tuple[float, Fault, Undo]] = []
        self.counts = dict.fromkeys((fault.name for fault in FAULTS), 0)
        self.next_at, self.last_at, self.answered = 0.0, 0.0, 0

    def work(self) -> None:
        """One look: undo what is due, begin what is next, keep the processes up."""
        self.cluster.tend()
        now = time.monotonic()
        for entry in [entry for entry in self.pending if entry[0] <= now]:
            self.undo(entry)
        if self.is_time(now) and (fault := self.draw()):
            self.history.note(fault=fault.name)
            undo = fault.begin(self.cluster, self.random)
            self.counts[fault.name] += 1
            self.pending.append((time.monotonic() + self.random.uniform(*fault.holds), fault, undo))
            self.last_at, self.answered = time.monotonic(), len(self.history.ops)
            self.next_at = self.last_at + self.random.uniform(0.3, 3)

    def is_time(self, now: float) -> bool:
        """Not before some work was done again, so that a slow machine has something to lose; but not too late."""
        has_worked = len(self.history.ops) >= self.answered + WORK
        return now >= self.next_at and (has_worked or now >= self.last_at + self.patience)

    def draw(self) -> Fault | None:
        """The next of the deck whose target is not in trouble already."""
        if not self.deck:
            self.deck = self.random.sample(FAULTS, k=len(FAULTS))
        busy = {fault.target for _, fault, _ in self.pending}
        free = [fault for fault in self.deck if fault.target not in busy]
        if free:
            self.deck.remove(free[0])
        return free[0] if free else None

    def undo(self, entry: tuple[float, Fault, Undo]) -> None:
        self.pending.remove(entry)
        entry[2]()
        self.history.note(healed=entry[1].name)

    def heal(self) -> None:
        for entry in list(self.pending):
            self.undo(entry)
        eventually(self.cluster.is_ready, patience=180)
