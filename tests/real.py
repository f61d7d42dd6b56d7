"""Real labels that lie beside the project, and are no part of it: without them, tests that need them are skipped."""

from __future__ import annotations

import csv
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DATA = Path(os.environ.get("DATA_DIR", "../shared/data"))


def needs(*names: str) -> pytest.MarkDecorator:
    missing = [name for name in names if not (DATA / name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not found; set DATA_DIR to where it lies")


@cache
def rows_of(name: str) -> list[dict[str, Any]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if name.endswith(".csv") else [json.loads(line) for line in file]
