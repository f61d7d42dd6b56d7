"""The client fetches files: made first where need be, in parts, checked, and there only when they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from touchstone_client import Progress, TouchstoneError

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import DatasetVersion, Export
from tests import make
from tests.clients.python.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(project: Project, connect: Connect) -> DatasetVersion:
    """Of four comparisons, built."""
    rubric = make.rubric_version(project, subject_size=2)
    for number in range(4):
        pair = [make.response(project, f"{text} {number}", question=f"Q{number}?") for text in ("Yes", "No")]
        answers = {"better": {"outcome": "preferred", "preferred": pair[0].pk, "strength": 2}}
        subject = make.subject(*pair)
        make.verdict(subject, rubric, [make.review(subject, rubric, make.member(project), answers) for _ in "123"])
    dataset = project.datasets.create(key="answers", name="Answers", shares={"train": 1.0})
    version = dataset.build()
    jobs.run(DatasetVersion, version.pk)
    return version


@pytest.fixture
def file(version: DatasetVersion) -> Export:
    export = Export.objects.create(project=version.project, version=version, shape="preference")
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    return export


def test_a_file_is_made_waited_for_and_fetched(connect: Connect, version: DatasetVersion, tmp_path: Path) -> None:
    told: list[Progress] = []

    def work(progress: Progress) -> None:
        """The worker of this test: it writes the file when the client begins to wait."""
        told.append(progress)
        if progress.phase == "writing":
            jobs.run(Export, Export.objects.get().pk)

    path = tmp_path / "pairs.jsonl"
    assert connect("datasets:write").download("answers", path, split="train", progress=work) == path
    export = Export.objects.get()
    assert (export.split, export.n_rows) == ("train", 4)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == export.sha256
    assert [one.phase for one in told] == ["writing", "fetching"]
    assert told[-1] == Progress("fetching", export.n_bytes, export.n_bytes)
    assert sorted(one.name for one in tmp_path.glob("pairs*")) == ["pairs.jsonl"]


def test_a_file_that_is_there_is_fetched_by_its_id(connect: Connect, file: Export, tmp_path: Path) -> None:
    connect("datasets:read").download(file.pk, tmp_path / "pairs.jsonl")
    assert (tmp_path / "pairs.jsonl").stat().st_size == file.n_bytes


def test_a_version_is_named_by_its_number(connect: Connect, file: Export, tmp_path: Path) -> None:
    client = connect("datasets:write")
    assert client.export("answers", version=1)["id"] == file.pk
    with pytest.raises(TouchstoneError) as missing:
        client.export("answers", version=9)
    assert (missing.value.status, missing.value.code) == (404, "no-version")
    with pytest.raises(TouchstoneError) as refused:
        client.download("answers", tmp_path / "x", shape="prefer")
    assert refused.value.errors[0]["pointer"] == "/shape"


def part_of(file: Export, folder: Path) -> Path:
    return folder / f"pairs.jsonl.{file.sha256[:16]}.part"


def test_a_download_goes_on_where_it_broke_off(connect: Connect, file: Export, tmp_path: Path) -> None:
    client, path, told = connect("datasets:read"), tmp_path / "pairs.jsonl", list[Progress]()
    whole = client.download(file.pk, path).read_bytes()
    part_of(file, tmp_path).write_bytes(whole[:100])
    path.unlink()
    assert client.download(file.pk, path, progress=told.append).read_bytes() == whole
    assert not part_of(file, tmp_path).exists()


def test_a_download_that_was_whole_but_not_moved_is_only_checked(
    connect: Connect, file: Export, tmp_path: Path
) -> None:
    client, path, told = connect("datasets:read"), tmp_path / "pairs.jsonl", list[Progress]()
    whole = client.download(file.pk, path).read_bytes()
    path.rename(part_of(file, tmp_path))
    client.download(file.pk, path, progress=told.append)
    assert (path.read_bytes(), told) == (whole, [])


def test_what_is_not_the_file_is_not_kept(connect: Connect, file: Export, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text("of yesterday")
    part_of(file, tmp_path).write_bytes(b"x" * 100)  # fits in length, and is something else
    with pytest.raises(TouchstoneError) as wrong:
        connect("datasets:read").download(file.pk, path)
    assert (wrong.value.status, wrong.value.code) == (0, "checksum")
    assert path.read_text() == "of yesterday"
    assert not part_of(file, tmp_path).exists()


def test_a_file_that_cannot_be_made_says_why(connect: Connect, version: DatasetVersion, tmp_path: Path) -> None:
    Export.objects.create(
        project=version.project, version=version, shape="preference", state="failed", error="No space is left."
    )
    with pytest.raises(TouchstoneError, match="No space is left") as failed:
        connect("datasets:read").download(Export.objects.get().pk, tmp_path / "pairs.jsonl")
    assert failed.value.code == "export-failed"


def test_patience_ends(connect: Connect, version: DatasetVersion, naps: list[float], tmp_path: Path) -> None:
    with pytest.raises(TouchstoneError) as over:
        connect("datasets:write").download("answers", tmp_path / "pairs.jsonl", patience=3)
    assert over.value.code == "patience"
    assert 3 <= sum(naps) < 6
