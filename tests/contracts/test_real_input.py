"""Real crowd votes, end to end: imported and settled over REST on an own instance, then loaded and trained on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.conftest import run
from tests.contracts.test_trl import LOAD, SCRIPT

pytestmark = [pytest.mark.contracts, pytest.mark.slow, pytest.mark.timeout(900)]
DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))


@pytest.mark.skipif(not (DATA / "llmfao_votes.csv").exists(), reason="the real labels are not here; set DATA_DIR")
def test_real_votes_become_pairs_that_a_trainer_takes(tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "PORT"}}
    environment = {**kept, "VAR_DIR": str(tmp_path / "var"), "OUTPUT": str(out), "DATA_DIR": str(DATA.resolve())}
    (tmp_path / "var").mkdir()
    subprocess.run([sys.executable, "bench/real/llmfao.py"], env=environment, check=True, timeout=600)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    # Three votes or more and two thirds of them: 331 verdicts, less blanks, repeats and contradictions.
    assert 200 < len(rows) <= 331
    assert all(row["n_votes"] >= 3 and row["agreement"] >= 2 / 3 - 1e-9 for row in rows)
    loaded = run("-c", LOAD, out, folder=tmp_path)
    assert len(loaded["rows"]) == len(rows)
    words = ("--tiny", "--steps", "1", "--max-length", "4096", "--output", tmp_path / "out")
    trained = run(SCRIPT.resolve(), out, *words, folder=tmp_path)
    assert (trained["rows_read"], trained["steps"]) == (len(rows), 1)
    assert trained["loss"] > 0
