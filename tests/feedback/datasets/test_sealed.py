"""The test split: nothing that is learnt from can hold it, whoever asks, and a leak fails the file that has it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import exports
from feedback.datasets.leaks import apart
from feedback.datasets.models import Dataset, DatasetVersion, Export, GroupSplit
from feedback.datasets.sealed import LEARNT_FROM, Sealed
from feedback.datasets.shapes.catalogue import SHAPES as MODULES
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

pytestmark = pytest.mark.once

SHAPES = [shape for shape in Export.Shape.values if shape not in MODULES or shape in LEARNT_FROM]
EVALUATION = ["held_out", "promptfoo", "opik", "langfuse", "langsmith", "inspect_ai", "openai_evals"]


@pytest.fixture
def version(project: Project, compared: Compared, rated: Rated, built: Built, partly_sealed: Dataset) -> DatasetVersion:
    """Pairs and cases in all splits, each with its split's name in its texts."""
    for n in range(12):
        compared("AAA", conversation_id=f"c-{n}")
        answer = make.response(project, f"Answer {n}.", conversation_id=f"c-{n}")
        rated(answer, 2, 2, rewrite=f"Better answer {n}.")
    version = built()
    assert set(version.statistics["by_split"]) == {"train", "validation", "test"}
    return version


def made(version: DatasetVersion, shape: str, split: str = "") -> Export:
    export = exports.request(version, shape, split)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    return export


def lines(export: Export) -> list[dict[str, Any]]:
    assert export.state == "done", export.error
    with default_storage.open(export.file) as file:
        return [json.loads(line) for line in file.read().split(b"\n")[:-1]]


def test_every_shape_is_to_learn_from_or_to_judge_by() -> None:
    assert set(Export.Shape.values) - LEARNT_FROM == {*EVALUATION, "provenance"}


@pytest.mark.parametrize("shape", sorted(LEARNT_FROM - {"votes"}))
def test_it_is_refused_for_files_to_learn_from(version: DatasetVersion, shape: str) -> None:
    with pytest.raises(Sealed, match="sealed"):
        exports.request(version, shape, "test")
    assert not Export.objects.exists()


@pytest.mark.parametrize("shape", ["preference", "conversation", "reward", "sft", "kto", "attributes", "votes"])
def test_asked_for_all_they_hold_what_may_be_learnt_from(version: DatasetVersion, shape: str) -> None:
    export = made(version, shape)
    rows = lines(export)
    assert rows
    assert {row["split"] for row in rows} == {"train", "validation"}
    assert (export.manifest["sealed"], export.manifest["split"]) == (True, "all but test")
    assert b"".join(exports.rewritten(export)) == default_storage.open(export.file).read()


def test_the_pairs_of_the_test_split_are_in_a_file_of_their_own(version: DatasetVersion) -> None:
    export = made(version, "held_out", "train")
    rows = lines(export)
    assert {row["split"] for row in rows} == {"test"}
    assert len(rows) == version.statistics["by_split"]["test"]
    assert len(lines(made(version, "preference"))) + len(rows) == version.counts["pairs"]


def test_a_file_of_an_earlier_release_is_written_again_as_it_was(version: DatasetVersion) -> None:
    export = made(version, "preference")
    Export.objects.filter(pk=export.pk).update(manifest={"sha256": export.sha256})
    export.refresh_from_db()
    assert b"".join(exports.rewritten(export)).count(b"\n") == version.counts["pairs"]


@pytest.mark.parametrize("moved", ["fold", "conversation"])
def test_a_leak_fails_the_file(version: DatasetVersion, moved: str) -> None:
    """Somebody went behind the triggers: a group of training pairs stands in the test split now."""
    pair = version.pairs.filter(split="train", source="comparison")[0]
    name = {"fold": pair.rejected_response.fold_hash, "conversation": pair.rejected_response.conversation_id}[moved]
    rows = GroupSplit.objects.filter(kind=moved, group=name)
    values = rows.values("project_id", "dataset_id", "kind", "group", "first_version_id").get()
    rows.delete()
    GroupSplit.objects.create(**values, split="test")
    export = made(version, "preference", "train")
    assert (export.state, export.file) == ("failed", "")
    assert "another split" in export.error
    assert made(version, "preference", "validation").state == "done"


def test_all_pairs_of_a_step_are_looked_up_together(version: DatasetVersion) -> None:
    assert version.cursor["near"]
    counts = []
    for last in (1, version.counts["pairs"] - 1):
        with CaptureQueriesContext(connection) as asked:
            assert apart(version, 0, last) == []
        counts.append(len(asked))
    assert counts == [1, 1]


def test_pages_programs_and_operators_are_refused_alike(
    version: DatasetVersion, curator: Member, project: Project, tmp_path: Any
) -> None:
    url = version.get_absolute_url() + "exports/"
    response = make.SignedIn(curator).post(url, {"shape": "sft", "split": "test"})
    assert response.status_code == 422
    assert "The test split is sealed" in response.text
    with pytest.raises(CommandError, match="sealed"):
        call_command("export", "answers", project=project.slug, shape="kto", split="test", output=tmp_path / "x")
    assert not Export.objects.exists()
