"""Eight reviewers at the keyboards of eight browsers, on PostgreSQL: what bench/desk.py measures, small and untimed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import CHROMIUM
from tests.faults.instance import Instance

pytestmark = [
    pytest.mark.proof,
    pytest.mark.postgres,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Chromium: there is none at {CHROMIUM} (set CHROMIUM)"),
]
SIZES = ("--items", "6", "--people", "8", "--each", "2")


def test_no_review_is_lost_or_doubled(alone: Any) -> None:
    instance: Instance = alone()
    process = instance.start("bench/desk.py", *SIZES, BENCH_SMALL="1")
    code = process.wait(500)
    said = (instance.folder / "process-0.log").read_text()
    assert code == 0, said
    assert "painted, 8 at once" in said
    for promise in ("a page was told and that are not there", "there twice, or on an item that was full"):
        assert f"{promise} | 0 |" in said
