"""Backups are whole, taken while work goes on, and come back only where they do no harm (RELIABILITY F34)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.instance import ROOT, TooSlowError, eventually
from tests.feedback.management.conftest import World, fresh

REVIEWS = "from feedback.judgements.models import Review"
COUNT = f"{REVIEWS}; answer = Review.objects.count()"
SPOIL = """
from reviews.queues.models import Item
answer = Item.objects.filter(pk=Item.objects.first().pk).update(n_filled=9)
"""
# Three people at once, each in a process of its own: a line for each review, once it is acknowledged.
REVIEWER = """
import sys, uuid, django
django.setup()
from feedback.accounts.models import Member
from reviews.queues import claim, submit
from tests import make
member = Member.objects.get(pk=int(sys.argv[1]))
queue = member.project.queues.get()
while held := claim.claim(queue, member):
    done = submit.submit(held.token, member, make.ANSWERS, submission_id=uuid.uuid4())
    print(done.review_id, flush=True)
"""
QUEUE = """
import uuid
from tests import make
project = make.project(f"poured-{uuid.uuid4().hex[:8]}")  # another one when the test is asked again
people = [make.member(project, "reviewer") for _ in range(3)]
make.items(make.queue(project, key="poured", k=3), 150)
answer = [member.pk for member in people]
"""


@pytest.fixture(scope="session")
def backup(full: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the filled instance, with nothing going on."""
    folder = tmp_path_factory.mktemp("backups") / "quiet"
    full.done("backup", folder)
    return folder


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    """One that may be spoilt."""
    return Path(shutil.copytree(backup, tmp_path / "copy"))


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def change(folder: Path, **values: Any) -> None:
    manifest = manifest_of(folder)
    manifest["database"].update(values)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def pouring(full: World, tmp_path: Path) -> Iterator[list[Path]]:
    """Reviews that pour in: the logs of three reviewers' processes."""
    logs, processes = [], []
    for pk in full.run(QUEUE):
        logs.append(tmp_path / f"reviewer-{pk}")
        command = [sys.executable, "-c", REVIEWER, str(pk)]
        with logs[-1].open("wb") as log:
            processes.append(subprocess.Popen(command, cwd=ROOT, env=full.environment, stdout=log, stderr=log))
    yield logs
    for process in processes:
        process.kill()
        process.wait()


def acknowledged(logs: list[Path]) -> set[int]:
    """Whole lines only: the last one may be half written."""
    return {int(line) for log in logs for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")}


def backed_up_meanwhile(full: World, pouring: list[Path], tmp_path: Path) -> tuple[set[int], Path, dict[str, Any]]:
    """What was acknowledged before a backup during which more was, its folder and what it told.

    A busy machine may give the reviewers no turn in the seconds of one backup: then another is taken.
    """
    for attempt in range(10):
        eventually(lambda: len(acknowledged(pouring)) >= 5)
        before = acknowledged(pouring)
        told = full.done("backup", tmp_path / f"live-{attempt}")
        if len(acknowledged(pouring)) > len(before):
            return before, tmp_path / f"live-{attempt}", told
    raise TooSlowError("nothing was written while any of ten backups was taken")


def test_a_backup_taken_while_reviews_pour_in_holds_every_promise(
    full: World, elsewhere: World, pouring: list[Path], tmp_path: Path
) -> None:
    before, folder, told = backed_up_meanwhile(full, pouring, tmp_path)
    restored = elsewhere.done("restore", folder)
    assert (restored["rows"], restored["missing"]) == (told["rows"], [])
    assert restored["verified"] > 30
    kept = set(elsewhere.run(f"{REVIEWS}; answer = list(Review.objects.values_list('pk', flat=True))"))
    assert before <= kept
    assert set(manifest_of(folder)["database"]["rows"]) >= {"judgements_review", "django_migrations"}


def test_every_file_that_a_row_names_is_in_the_backup_and_comes_back(
    full: World, backup: Path, elsewhere: World
) -> None:
    named = full.run("from feedback.management.folder import named_files; answer = named_files()")
    exports = full.run("answer = list(Export.objects.values_list('file', flat=True))")
    entries = {entry["name"]: entry["sha256"] for entry in manifest_of(backup)["files"]}
    assert entries == named
    assert set(exports) <= set(entries)
    assert len(exports) >= 2
    assert elsewhere.done("restore", backup)["stored"] == len(entries)
    assert elsewhere.files == {name: full.files[name] for name in entries}


def test_only_this_user_may_read_a_backup(backup: Path) -> None:
    assert backup.stat().st_mode & 0o77 == 0
    assert next(backup.glob("database.*")).stat().st_mode & 0o77 == 0


def test_a_backup_overwrites_nothing(full: World, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    code, why, _ = full.command("backup", tmp_path)
    assert code == 1
    assert "never overwrites" in why
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_a_file_that_was_lost_before_is_told_and_not_made_up(full: World, tmp_path: Path) -> None:
    name = sorted(full.files)[0]
    lost = full.folder / "files" / name
    content = lost.read_bytes()
    lost.unlink()
    try:
        code, said, warned = full.command("backup", tmp_path / "holes")
    finally:
        lost.write_bytes(content)
    assert code == 0, said
    assert name in warned
    assert manifest_of(tmp_path / "holes")["missing"] == [name]


def test_restoring_needs_an_empty_database(elsewhere: World, backup: Path) -> None:
    elsewhere.done("restore", backup)
    elsewhere.run("from tests import make; make.project('mine')")
    code, why, _ = elsewhere.command("restore", backup)
    assert (code, "not empty" in why) == (1, True)
    mine = "from feedback.accounts.models import Project; answer = Project.objects.filter(slug='mine').count()"
    assert elsewhere.run(mine) == 1
    elsewhere.done("restore", backup, "--replace")
    assert elsewhere.run(mine) == 0
    leftovers = [path.name for path in elsewhere.folder.glob("*.replaced*")]
    assert leftovers == []


def test_a_file_with_another_content_is_not_overwritten(elsewhere: World, backup: Path) -> None:
    name = manifest_of(backup)["files"][0]["name"]
    path = elsewhere.folder / "files" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    code, why, _ = elsewhere.command("restore", backup)
    assert (code, name in why) == (1, True)
    assert path.read_bytes() == b"mine"


def test_a_migrated_database_without_anybodys_rows_counts_as_empty(migrated: str, backup: Path, tmp_path: Path) -> None:
    with fresh(tmp_path, migrated) as elsewhere:
        assert elsewhere.done("restore", backup)["verified"] > 30


def test_one_wrong_byte_is_refused_before_anything_is_touched(elsewhere: World, copy: Path) -> None:
    path = max(copy.glob("files/**/*.jsonl"), key=lambda file: file.stat().st_size)
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)
    code, why, _ = elsewhere.command("restore", copy)
    assert (code, "damaged" in why, path.name in why) == (1, True, True)
    assert elsewhere.run("from django.db import connection; answer = connection.introspection.table_names()") == []


def test_what_is_no_backup_is_refused(elsewhere: World, copy: Path) -> None:
    (copy / "manifest.json").rename(copy / "manifest.json.partial")
    assert "never got to its end" in elsewhere.command("restore", copy)[1]


@pytest.mark.parametrize(
    ("values", "why"),
    [({"migrations": ["queues.0999_from_the_future"]}, "newer release"), ({"vendor": "oracle"}, "a backup of oracle")],
)
def test_what_this_release_cannot_read_is_refused(
    elsewhere: World, copy: Path, values: dict[str, Any], why: str
) -> None:
    change(copy, **values)
    assert why in elsewhere.command("restore", copy)[1]


def test_a_manifest_cannot_name_a_file_outside(elsewhere: World, copy: Path) -> None:
    manifest = manifest_of(copy)
    manifest["files"][0]["name"] = "../../outside"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert "outside of the backup" in elsewhere.command("restore", copy)[1]


def test_a_restored_world_that_breaks_a_promise_is_put_back(elsewhere: World, backup: Path, tmp_path: Path) -> None:
    elsewhere.done("restore", backup)
    reviews = elsewhere.run(COUNT)
    assert elsewhere.run(SPOIL) == 1
    elsewhere.done("backup", tmp_path / "broken")
    elsewhere.done("restore", backup, "--replace")
    code, why, _ = elsewhere.command("restore", tmp_path / "broken", "--replace")
    assert (code, "All is as it was before" in why) == (1, True)
    assert elsewhere.run(COUNT) == reviews
    assert elsewhere.command("verify", "--json")[0] == 0
    elsewhere.done("restore", tmp_path / "broken", "--replace", "--no-verify")
    assert elsewhere.command("verify", "--json")[0] == 1


@pytest.mark.postgres
def test_nothing_is_replaced_under_the_feet_of_others(elsewhere: World, backup: Path) -> None:
    import psycopg

    address = elsewhere.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
    with psycopg.connect(address):
        code, why, _ = elsewhere.command("restore", backup)
    assert (code, "1 other connections are open" in why) == (1, True)
