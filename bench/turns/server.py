"""A gunicorn that crowds take turns at, and what it and its database connections used of the processors for it."""

from __future__ import annotations

from django.db import connections

from bench.measured.process import Web
from bench.turns.crowd import Ready, Run, crowd, processor_seconds
from bench.turns.seed import execute


class Server(Web):
    duplicates = 0  # turns that two people got, in all runs

    def used(self) -> tuple[dict[int, float], dict[int, float]]:
        """Seconds of processor by process: the workers, and the database's ends of their connections."""
        backends = execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        connections.close_all()  # nothing is inherited by a process that is forked
        return processor_seconds(self.workers), processor_seconds(pid for (pid,) in backends)

    def run(self, people: list[Ready], turns: int) -> tuple[Run, str]:
        """The run, and the milliseconds of processor that each turn took."""
        connections.close_all()
        crowd(people, 3)  # so that every worker has its connections and templates
        before = self.used()
        run = crowd(people, turns)
        grown = [
            sum(now - earlier.get(pid, 0) for pid, now in after.items())
            for earlier, after in zip(before, self.used(), strict=True)
        ]
        self.duplicates += run.duplicates
        return run, " + ".join(f"{1000 * used / len(run.times):.1f}" for used in (*grown, run.cpu))


def told(run: Run, cpu: str) -> str:
    return f"{run.pace:.0f} /s, p50 {run.p50:.0f}, p95 {run.p95:.0f} ms; {cpu} ms of processor"
