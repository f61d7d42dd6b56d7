"""The live run: clients work while servers and processes are killed, stopped and restarted; nothing is lost or doubled.

Three seeds of 60 s in `make check`, longer ones in `make proof`; CHAOS_SEEDS and CHAOS_SECONDS ask for others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from bench.table import Line, add
from tests.faults.chaos.campaign import Report, campaign
from tests.faults.instance import has_redis

pytestmark = [pytest.mark.timeout(3600), pytest.mark.skipif(not has_redis(), reason="needs the program redis-server")]


def run(seeds: str, seconds: float) -> list[Report]:
    """All of them sound; else the folder with histories and logs is kept and named."""
    folder = Path(tempfile.mkdtemp(prefix="touchstone-chaos-"))
    chosen = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", seeds).split()]
    reports = campaign(chosen, float(os.environ.get("CHAOS_SECONDS", seconds)), folder)
    told = "\n".join(report.tell() for report in reports)
    print(told)
    evidence = "\n".join(report.evidence(folder) for report in reports)
    assert not any(report.breaches for report in reports), f"{told}\n{evidence}\nHistories and logs: {folder}"
    shutil.rmtree(folder, ignore_errors=True)
    return reports


@pytest.mark.chaos
def test_nothing_is_lost_or_doubled_while_servers_are_killed() -> None:
    reports = run("1 2 3", 60)
    missed = [name for name in reports[0].faults if not any(report.faults[name] for report in reports)]
    assert missed == []
    assert all(report.acknowledged for report in reports)


@pytest.mark.proof
def test_nothing_is_lost_or_doubled_in_a_long_run() -> None:
    reports = run("101 102", 300)
    seconds = sum(report.seconds for report in reports)
    lines = [
        Line("operations acknowledged", f"{sum(report.acknowledged for report in reports):,}"),
        Line("faults", f"{sum(sum(report.faults.values()) for report in reports)} in {seconds:.0f} s"),
        Line("operations sent more than once", f"{sum(report.retried for report in reports):,}"),
        Line("lost", str(sum(report.count("lost") for report in reports)), aim="0"),
        Line("doubled", str(sum(report.count("doubled") for report in reports)), aim="0"),
        Line("without any answer", f"{sum(report.unavailable for report in reports):.0f} s of {seconds:.0f} s"),
    ]
    add("chaos", "Chaos: servers and processes killed under load", lines)
