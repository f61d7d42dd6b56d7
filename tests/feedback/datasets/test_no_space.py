"""A full disk (F12): the file is not made, the row says why, nothing is left behind, and the rest goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member
from feedback.datasets import exports
from feedback.datasets.models import Export
from feedback.responses.models import ResponseUpload
from tests import make
from tests.feedback.datasets.conftest import Built, Compared


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A file system of 64 kB for files and what is being written."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]).returncode:
        pytest.skip("nothing may be mounted here")
    settings.VAR_DIR, settings.MEDIA_ROOT = disk / "var", disk / "files"
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def files(disk: Path) -> list[str]:
    return [path.name for path in disk.rglob("*") if path.is_file()]


def test_an_export_says_that_there_is_no_space_and_leaves_nothing(
    small_disk: Path, compared: Compared, built: Built, curator: Member
) -> None:
    for _ in range(8):
        compared("AAA", texts=("Yes. " * 3000, "No. " * 3000))
    export = exports.request(built(), "preference")
    for _ in range(jobs.MAX_ATTEMPTS):
        Export.objects.filter(state="queued").update(lease_until=Now() - timedelta(seconds=1))
        jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert (export.state, export.file, files(small_disk)) == ("failed", "", [])
    assert "No space left on device" in export.error
    page = make.SignedIn(curator).get(export.get_absolute_url())
    assert page.status_code == 200
    assert b"No space left on device" in page.content


def test_an_upload_says_that_there_is_no_space_and_leaves_nothing(small_disk: Path, curator: Member) -> None:
    browser: Any = make.SignedIn(curator, raise_request_exception=False)
    rows = b"".join(b'{"external_id": "%d", "prompt": "a", "output": "%s"}\n' % (n, b"x" * 900) for n in range(100))
    address = f"/p/{curator.project.slug}/responses/import/"
    answer = browser.post(address, {"file": SimpleUploadedFile("rows.jsonl", rows)})
    assert answer.status_code == 507
    assert b"no space" in answer.content
    assert files(small_disk) == []
    assert not ResponseUpload.objects.exists()
    assert browser.get(address).status_code == 200
