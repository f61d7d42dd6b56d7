"""The archive: every row of the project, nobody else's, whole or not there."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.takeouts import writing
from feedback.takeouts.models import TakeOut
from feedback.takeouts.tables import tables
from feedback.takeouts.tasks import delete_expired
from tests import make, world

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.VAR_DIR = tmp_path / "files", tmp_path


def made(project: Project) -> TakeOut:
    takeout = TakeOut.ask(project)
    jobs.run(TakeOut, takeout.pk)
    takeout.refresh_from_db()
    assert takeout.state == "done", takeout.error
    return takeout


def content(takeout: TakeOut) -> dict[str, bytes]:
    with default_storage.open(takeout.file) as file, ZipFile(io.BytesIO(file.read())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(files: dict[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    return {
        name.removesuffix(".jsonl.gz"): [json.loads(line) for line in gzip.decompress(data).splitlines()]
        for name, data in files.items()
        if name.endswith(".gz")
    }


def test_every_row_of_the_project_is_in_it_and_no_other(project: Project, other_project: Project) -> None:
    for place in (other_project, project):
        world.one_of_everything(place)
    found = rows(content(made(project)))
    assert sorted(found) == [table.label for table in tables()]
    for table in tables():
        ids = {row[table.model._meta.pk.attname] for row in found[table.label]}
        here = set(table.rows(project).values_list("pk", flat=True))
        if table.label not in {"audit.auditevent", "takeouts.takeout"}:  # which went on meanwhile
            assert ids == here, table.label
            assert ids, f"{table.label} is empty: nothing was tested."
        assert not ids & set(table.rows(other_project).values_list("pk", flat=True)), table.label


def test_the_manifest_and_the_sums_tell_of_the_files(project: Project) -> None:
    world.one_of_everything(project)
    takeout = made(project)
    files = content(takeout)
    manifest = json.loads(files["manifest.json"])
    assert manifest == takeout.manifest
    assert manifest["project"]["slug"] == "travel"
    for table in manifest["tables"]:
        data = files[table["file"]]
        assert (table["sha256"], table["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert table["rows"] == len(gzip.decompress(data).splitlines())
        assert f"{table['sha256']}  {table['file']}\n" in files["SHA256SUMS"].decode()
    assert takeout.n_rows == sum(table["rows"] for table in manifest["tables"])
    with default_storage.open(takeout.file) as file:
        assert takeout.sha256 == hashlib.sha256(file.read()).hexdigest()


def test_no_secret_is_in_it(project: Project, curator: Member) -> None:
    Project.objects.filter(pk=project.pk).update(salt="5a17" * 8)
    key = make.api_key(project, "ingest")
    make.password(curator)
    held = world.assignment(project, curator)
    text = b"".join(gzip.decompress(data) for name, data in content(made(project)).items() if name.endswith(".gz"))
    for secret in ("5a17", hashlib.sha256(key.encode()).hexdigest(), str(held.token), "argon2"):
        assert secret.encode() not in text


def test_small_chunks_give_the_same_rows(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        make.response(project)
    whole = rows(content(made(project)))["responses.response"]
    monkeypatch.setattr(writing, "CHUNK_ROWS", 3)
    assert rows(content(made(project)))["responses.response"] == whole
    monkeypatch.setattr(writing, "CHUNK_BYTES", 10)
    assert rows(content(made(project)))["responses.response"] == whole


def test_rows_that_come_later_are_left_for_the_next_one(project: Project) -> None:
    make.response(project)
    takeout = TakeOut.ask(project)
    writing.begin(takeout)
    takeout.save()
    make.response(project)
    jobs.run(TakeOut, takeout.pk)
    takeout.refresh_from_db()
    found = rows(content(takeout))
    assert (len(found["responses.response"]), len(found["responses.responsebody"])) == (1, 1)


def test_a_half_written_chunk_is_cut_off(project: Project) -> None:
    for _ in range(3):
        make.response(project)
    takeout = TakeOut.ask(project)
    attempt = jobs.claim(TakeOut, takeout.pk)
    assert attempt is not None
    jobs.run_chunk(TakeOut, takeout.pk, attempt)
    for path in writing.folder(takeout).iterdir():
        path.write_bytes(path.read_bytes() + b"half a member")
    TakeOut.objects.update(lease_until=Now() - timedelta(seconds=1))
    jobs.run(TakeOut, takeout.pk)
    takeout.refresh_from_db()
    assert takeout.state == "done", takeout.error
    assert len(rows(content(takeout))["responses.response"]) == 3


def test_a_worker_that_lost_it_does_not_touch_the_archive_of_the_next(project: Project) -> None:
    takeout = TakeOut.ask(project)
    for _ in range(2):
        attempt = jobs.claim(TakeOut, takeout.pk)
        assert attempt is not None
        while not TakeOut.objects.filter(pk=takeout.pk, done=len(tables())).exists():
            assert jobs.run_chunk(TakeOut, takeout.pk, attempt)
        TakeOut.objects.update(lease_until=Now() - timedelta(seconds=1))
        takeout.refresh_from_db()
    first, second = (TakeOut.objects.get(pk=takeout.pk), TakeOut.objects.get(pk=takeout.pk))
    first.attempt, second.prepared = 1, writing.prepare(second)
    with pytest.raises(jobs.Lost):
        writing.prepare(first)
    assert hashlib.sha256(second.prepared.path.read_bytes()).hexdigest() == second.prepared.sha256


def test_another_machine_begins_again(project: Project) -> None:
    make.response(project)
    takeout = TakeOut.ask(project)
    attempt = jobs.claim(TakeOut, takeout.pk)
    assert attempt is not None
    for _ in range(6):
        jobs.run_chunk(TakeOut, takeout.pk, attempt)
    shutil.rmtree(writing.folder(takeout))
    TakeOut.objects.update(lease_until=Now() - timedelta(seconds=1))
    jobs.run(TakeOut, takeout.pk)
    takeout.refresh_from_db()
    assert takeout.state == "done", takeout.error
    assert len(rows(content(takeout))["responses.response"]) == 1


def test_it_runs_in_an_archived_project(project: Project) -> None:
    project.archive()
    assert made(project).n_rows > 0


def test_the_file_is_deleted_after_its_time(project: Project) -> None:
    takeout = made(project)
    assert delete_expired() == 0
    TakeOut.objects.update(expires_at=Now() - timedelta(seconds=1))
    name = takeout.file
    assert delete_expired() == 1
    takeout.refresh_from_db()
    assert (takeout.file, takeout.is_there, default_storage.exists(name)) == ("", False, False)


def test_the_command_writes_it_here(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "all.zip"
    call_command("takeout", "travel", "--output", str(target), "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert facts["rows"] == TakeOut.objects.get().n_rows
    call_command("takeout", "travel")
    assert "rows" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no project 'nowhere'"):
        call_command("takeout", "nowhere")
