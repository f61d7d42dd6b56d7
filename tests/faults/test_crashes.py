"""Every point at which a process may die: the end is the same as if it had not, and every promise holds."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]


def strides(**scenes: int) -> Any:
    """Each scene at one point in so many, and under `make proof` at every one (a take-out has a thousand)."""
    proof = [pytest.param(scene, 7 if every > 50 else 1, marks=pytest.mark.proof) for scene, every in scenes.items()]
    return pytest.mark.parametrize(("scene", "every"), [*scenes.items(), *proof])


def ok(found: dict[str, Any], at_least: int) -> None:
    print(f"{len(found['points'])} points")  # shown by -rP, for docs/explanation/faults.md
    assert found["wrong"] == []
    assert len(found["points"]) >= at_least, found["points"]
    assert "after commit" in found["points"]


@pytest.mark.parametrize("scene", ["submit_by_page", "submit_by_rest", "claim_by_page", "claim_by_rest"])
def test_a_review_outlives_its_web_process(fragile_web: Any, scene: str) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene), 8)


@strides(ingest_one=5, ingest_stream=9)
def test_a_delivery_outlives_its_web_process(fragile_web: Any, scene: str, every: int) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene, every), 8)


@pytest.mark.postgres
@strides(submit_by_page=5, submit_by_rest=5, claim_by_rest=5, ingest_stream=9)
def test_whose_database_goes_away_is_asked_to_come_again(fragile_web: Any, scene: str, every: int) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene, every, "cut"), 8)


@strides(ingest_file=11, draw=13, settle=7, build=11, export=7, take_out=101)
def test_a_job_outlives_its_worker(alone: Any, scene: str, every: int) -> None:
    ok(alone().call("tests.faults.crashes", "work", scene, every), 8)
