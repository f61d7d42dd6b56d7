"""Every point at which a process may die: the end is the same as if it had not, and every promise holds."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]


def strides(**scenes: int) -> Any:
    """Each scene at one point in so many, none for 0; under `make proof` at every one (a take-out has a thousand)."""
    proof = [pytest.param(scene, 7 if scene == "take_out" else 1, marks=pytest.mark.proof) for scene in scenes]
    quick = [(scene, every) for scene, every in scenes.items() if every]
    return pytest.mark.parametrize(("scene", "every"), [*quick, *proof])


def ok(found: dict[str, Any], at_least: int) -> None:
    print(f"{len(found['points'])} points")  # shown by -rP, for docs/explanation/faults.md
    assert found["wrong"] == []
    assert len(found["points"]) >= at_least, found["points"]
    assert "after commit" in found["points"]


@strides(submit_by_page=1, submit_by_rest=0, claim_by_page=0, claim_by_rest=1)
def test_a_review_outlives_its_web_process(fragile_web: Any, scene: str, every: int) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene, every), 8)


@strides(ingest_one=5, ingest_stream=0)
def test_a_delivery_outlives_its_web_process(fragile_web: Any, scene: str, every: int) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene, every), 8)


@pytest.mark.postgres
@strides(submit_by_page=0, submit_by_rest=5, claim_by_rest=0, ingest_stream=9)
def test_whose_database_goes_away_is_asked_to_come_again(fragile_web: Any, scene: str, every: int) -> None:
    ok(fragile_web().call("tests.faults.crashes", "web", scene, every, "cut"), 8)


@strides(ingest_file=23, draw=0, settle=13, build=29, export=13, take_out=0)
def test_a_job_outlives_its_worker(alone: Any, scene: str, every: int) -> None:
    ok(alone().call("tests.faults.crashes", "work", scene, every), 8)


@strides(export_gzip=0, export_zstd=0, export_parquet=29)
def test_a_file_of_every_kind_outlives_its_worker(alone: Any, scene: str, every: int) -> None:
    """The folder for Hugging Face names its version, so that no two are the same: test_folder.py kills its writing."""
    ok(alone().call("tests.faults.crashes", "work", scene, every), 8)


@strides(tell=0)
def test_what_happened_is_told_though_its_worker_dies(alone: Any, scene: str, every: int) -> None:
    """Between the commit and the request, and between the answer and its record: heard once or more, under one id."""
    ok(alone().call("tests.faults.crashes", "work", scene, every), 8)
