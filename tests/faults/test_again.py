"""What is asked again: a wait for real processes that ran out. A broken promise is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.instance import ROOT

ONCE = """
from tests.faults.instance import eventually
asked = []

def test_of_a_machine_that_was_busy_once():
    asked.append(1)
    {last}
"""


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("eventually(lambda: len(asked) > 1, 0)", "1 passed, 1 rerun"),
        ("eventually(lambda: False, 0)", "1 failed, 1 rerun"),
        ("assert len(asked) > 1, 'TooSlowError'", "1 failed in"),
    ],
)
def test_only_a_wait_that_ran_out_is_asked_again(tmp_path: Path, last: str, expected: str) -> None:
    (tmp_path / "test_once.py").write_text(ONCE.format(last=last))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-c",
        "pyproject.toml",
        "--noconftest",
    ]
    told = subprocess.run([*command, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert expected in told
