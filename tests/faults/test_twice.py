"""The same request many times at the same moment (F14, F20): one of everything, and everybody gets an answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.instance import Instance

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(200)]


@pytest.mark.parametrize("scene", ["submit_by_page", "submit_by_rest", "claim_by_page", "ingest_stream"])
def test_twenty_of_the_same_are_one(fragile_web: Any, scene: str) -> None:
    instance: Instance = fragile_web()
    found = instance.call("tests.faults.crashes", "at_once", scene, 20)
    assert found["wrong"] == []
    assert set(found["statuses"]) <= {200, 303}
