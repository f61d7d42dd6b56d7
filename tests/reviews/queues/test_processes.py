"""Exactly k on SQLite too: four real processes on one file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("worker.py")
ITEMS, PROCESSES, PEOPLE = 30, 4, 8


class Instance:
    """A SQLite database of its own, and processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "DATABASE_URL": f"sqlite:///{folder}/processes.sqlite3",
            "VAR_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "feedback.settings",
            "LOG_LEVEL": "ERROR",
        }
        self.run([str(ROOT / "manage.py"), "migrate", "--verbosity", "0"])

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command],
            env=self.environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, command: Sequence[str]) -> str:
        return finished(self.start(command))

    def worker(self, *words: Any) -> list[str]:
        return [str(WORKER), *map(str, words)]


def finished(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    return out


@pytest.mark.slow
def test_four_processes_on_sqlite_make_exactly_k_reviews_of_each_item(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    members = json.loads(instance.run(instance.worker("seed", ITEMS, PEOPLE)))["members"]
    shares = [members[number::PROCESSES] for number in range(PROCESSES)]
    started = [instance.start(instance.worker("work", PROCESSES, *share)) for share in shares]
    done = [json.loads(finished(process)) for process in started]
    assert all(sum(turns.values()) for turns in done), "each process must have had its part"
    instance.run(instance.worker("work", 1, *members))  # what expired at the very end goes to whoever comes next
    assert json.loads(instance.run(instance.worker("verify"))) == {
        "reviews": ITEMS * 3,
        "counted": ITEMS * 3,
        "people_and_items": ITEMS * 3,
        "items": {"complete 3": ITEMS},
        "broken": [],
    }
