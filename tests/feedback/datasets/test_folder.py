"""The whole folder: its data, its card and its metadata, the same bytes whenever it is written."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from pyarrow import parquet

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import exports, invariants, writing
from feedback.datasets.models import DatasetVersion, Export
from feedback.jobs import JobRefused
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated
from tests.feedback.datasets.test_exports import content

pytestmark = pytest.mark.once


@pytest.fixture
def version(project: Project, compared: Compared, rated: Rated, built: Built) -> DatasetVersion:
    for n in range(9):
        pair = [make.response(project, text, question=f"Q {n}?", licence="CC-BY-4.0") for text in ("Yes.", "No.")]
        compared("AAB", pair=(pair[0], pair[1]))
    rated(make.response(project, "Yes.", licence="CC-BY-4.0"), 5, 5)
    return built()


def folder(version: DatasetVersion, format: str = "parquet") -> Export:
    export = exports.request(version, "folder", format=format)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert export.state == "done", export.error
    return export


def opened(export: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content(export)))


@pytest.mark.usefixtures("partly_sealed")
@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_every_row_is_in_its_split(version: DatasetVersion, format: str) -> None:
    export = folder(version, format)
    files = {file["path"]: file for file in export.manifest["files"]}
    sizes = version.statistics["by_split"]
    pairs = [file for file in files.values() if file["shape"] in {"preference", "held_out"}]
    assert {file["split"]: file["rows"] for file in pairs} == sizes
    assert [file["split"] for file in pairs if file["shape"] == "held_out"] == ["test"]
    packed = opened(export)
    assert set(packed.namelist()) == {"README.md", "croissant.json", "manifest.json", *files}
    assert packed.testzip() is None
    for split, n in sizes.items():
        shape = "held_out" if split == "test" else "preference"
        data = packed.read(f"data/{shape}/{split}-00000-of-00001.{format}")
        rows = data.count(b"\n") if format == "jsonl" else parquet.read_table(io.BytesIO(data)).num_rows
        assert rows == n
    seen = version.rows.filter(kind="votes").exclude(data__split="test").count()
    assert files[f"data/votes/raw-00000-of-00001.{format}"]["rows"] == seen
    assert export.n_rows == sum(file["rows"] for file in files.values())


def test_the_card_tells_what_is_in_it_and_of_nobody(version: DatasetVersion, reviewers: list[Member]) -> None:
    export = folder(version)
    text = opened(export).read("README.md").decode()
    head = yaml.safe_load(text.split("---")[1])
    assert (head["license"], head["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert head["configs"][0]["config_name"] == "preference"
    assert {file["path"] for config in head["configs"] for file in config["data_files"]} == {
        file["path"] for file in export.manifest["files"]
    }
    assert "Mean share of votes for the chosen answer: 66.7 %." in text
    assert "9 settled" not in text
    assert f"from {version.counts['verdicts']} settled judgements" in text
    everything = text + opened(export).read("croissant.json").decode() + opened(export).read("manifest.json").decode()
    for member in reviewers:
        assert member.user is not None
        assert member.user.email not in everything
        assert member.user.name not in everything


def test_croissant_names_every_file_with_its_hash(version: DatasetVersion) -> None:
    export = folder(version)
    told = json.loads(opened(export).read("croissant.json"))
    assert {one["contentUrl"]: one["sha256"] for one in told["distribution"]} == {
        file["path"]: file["sha256"] for file in export.manifest["files"]
    }
    assert told["rai:annotationsPerItem"] == "3.0 votes a comparison on average"


def test_killed_at_each_chunk_it_ends_the_same(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 4)
    whole = folder(version)
    data = content(whole)
    default_storage.delete(whole.file)
    export = exports.request(version, "folder", format="parquet")
    for _ in range(60):
        attempt = jobs.claim(Export, export.pk)
        assert attempt
        if not jobs.run_chunk(Export, export.pk, attempt):
            break
        export.refresh_from_db()
        assert not default_storage.exists(whole.file)
        exports.prepare(export)  # and dies
        Export.objects.filter(pk=export.pk).update(lease_until=Now() - timedelta(seconds=1))
    export.refresh_from_db()
    assert (export.state, export.sha256, content(export)) == ("done", whole.sha256, data)
    assert not list(exports.partial(export).parent.glob("export-*"))
    assert invariants.broken_exports() == []
    export.manifest["made_by"] = {"pyarrow": "0"}
    export.save()
    assert invariants.broken_exports() == []


def test_an_empty_version_is_a_folder_with_a_card(built: Built) -> None:
    assert set(opened(folder(built())).namelist()) == {"README.md", "croissant.json", "manifest.json"}


@pytest.mark.parametrize("how", [{"format": "csv"}, {"format": "jsonl", "packing": "gzip"}])
def test_a_folder_of_something_else_is_refused(version: DatasetVersion, how: dict[str, Any]) -> None:
    with pytest.raises(JobRefused, match="A folder holds"):
        exports.request(version, "folder", **how)
