"""Files in and out: names that climb, cells that calculate, types that run."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member
from feedback.datasets.models import Export
from feedback.responses.models import ResponseUpload
from feedback.takeouts.models import TakeOut
from tests import make, world
from tests.addresses import APIS, PAGES, address
from tests.attacks.pages import text_of

pytestmark = pytest.mark.once

CLIMBING = [
    "../../outside.txt", "..\\..\\outside.txt", "/etc/outside.txt", "a/../../outside.txt", "%2e%2e%2foutside.txt",
    "‥/outside.txt", "．．/outside.txt", "..", ".", "outside.txt\0.jsonl", "a" * 300, "\u202etxt.exe", "<b>.jsonl",
]  # fmt: skip
STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # as a spreadsheet reads a cell
ROW = b'{"external_id": "r-1", "prompt": "How long?", "output": "30 days."}'


def test_a_files_name_never_says_where_it_is_kept(admin: Member, tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    browser = make.SignedIn(admin)
    for name in CLIMBING:
        file = SimpleUploadedFile("rows", ROW)
        file._name = name  # type: ignore[attr-defined]  # Django's own class would cut it
        browser.post("/p/travel/responses/import/", {"file": file})
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {f"files/{upload.file}" for upload in ResponseUpload.objects.all()}
    assert all(
        upload.file.startswith("uploads/") and ".." not in upload.file for upload in ResponseUpload.objects.all()
    )
    assert len(kept) > 8


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "exports/../../outside.txt"])
def test_no_download_leaves_the_folder_of_files(name: str, admin: Member, tmp_path: Path, settings: Settings) -> None:
    """Even when a row were made to say so."""
    settings.MEDIA_ROOT = tmp_path / "files"
    (tmp_path / "outside.txt").write_text("outside")
    export = world.export(admin.project)
    Export.objects.filter(pk=export.pk).update(file=name)
    browser = make.SignedIn(admin, raise_request_exception=False)
    page = f"/p/travel/datasets/{export.version.dataset.key}/versions/1/exports/{export.pk}/download/"
    for path in (f"/api/v1/exports/{export.pk}/download/", page):
        answer = browser.get(path)
        assert answer.status_code in {400, 404}
        assert "outside" not in text_of(answer)


@pytest.mark.parametrize(
    "path",
    ["/static/../feedback/settings.py", "/static/%2e%2e/feedback/settings.py", "/static../feedback/settings.py",
     "/static/..%2fvar/secret_key", "/static/....//settings.py", "/static//etc/passwd", "/files/", "/media/",
     "/var/secret_key", "/.env", "/.git/config", "/p/travel/../../admin/", "/p/..%2f..%2fetc/"],
)  # fmt: skip
def test_no_address_climbs(path: str, admin: Member, settings: Settings, tmp_path: Path) -> None:
    settings.WHITENOISE_AUTOREFRESH, settings.STATIC_ROOT = False, tmp_path / "static"  # as in production
    settings.STATIC_ROOT.mkdir()
    for browser in (Client(), make.SignedIn(admin)):
        answer = browser.generic("GET", path)
        assert answer.status_code in {302, 404}, path
        assert "SECRET_KEY" not in text_of(answer)


def test_a_take_out_unpacks_into_its_own_folder(admin: Member) -> None:
    for name in CLIMBING[:4]:
        make.response(admin.project, external_id=name, passages=["a"])
    TakeOut.ask(admin.project, by=admin)
    jobs.run(TakeOut, TakeOut.objects.get().pk)
    takeout = TakeOut.objects.get()
    assert takeout.state == "done", takeout.error
    with default_storage.open(takeout.file) as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert len(names) > 20
    assert [name for name in names if name.startswith("/") or ".." in name or "\\" in name] == []


def hostile_world(admin: Member) -> None:
    """Names that a spreadsheet would calculate, in every place that a file of ours repeats."""
    project = admin.project
    for number, sign in enumerate(STARTS):
        words = f"{sign}HYPERLINK(1)"
        version = make.prompt_version(project, words, name=words)
        make.response(project, words, external_id=f"{words}{number}", prompt_version=version, model_name=words,
                      environment=words, segment=words, licence=words, subject_key=words, tags=[words])  # fmt: skip
        queue = make.queue(project, name=words)
        make.items(queue)
        bad = f'{{"external_id": "{words}", "prompt": ""}}'.encode().replace(b"\t", b"\\t").replace(b"\r", b"\\r")
        ResponseUpload.keep(project, admin, SimpleUploadedFile("a", bad), name=words, columns={})


def test_no_cell_of_a_csv_file_is_a_formula(admin: Member) -> None:
    hostile_world(admin)
    browser, n_cells, found = make.SignedIn(admin, headers={"User-Agent": "=1+1"}), 0, []
    uploads = [f"/p/travel/responses/import/{upload.pk}/errors/" for upload in ResponseUpload.objects.all()]
    columns = "external_id,prompt,model,environment,segment,tags,licence,subject_key,answered,asked"
    paths = [
        f"/p/travel/responses/export/?format=csv&columns={columns}",
        "/p/travel/audit/download/?shape=csv",
        *uploads,
    ]
    paths += [address("monitoring:overview-csv", admin.project, admin) + f"?days=all&table={name}"
              for name in ("rates", "queues", "work", "tokens", "cost")]  # fmt: skip
    for path in paths:
        answer: Any = browser.get(path)
        if answer.status_code == 404:
            continue
        assert answer["Content-Type"].startswith("text/csv"), path
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")):
            n_cells += sum("HYPERLINK" in cell for cell in row)
            found += [(path, cell) for cell in row if cell.startswith(STARTS) and not is_number(cell)]
    assert n_cells > 60
    assert found == []


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_what_is_fetched_as_a_file_is_never_run_as_a_page(admin: Member) -> None:
    world.one_of_everything(admin.project)
    browser, n_files = make.SignedIn(admin), 0
    for route in [*PAGES, *APIS]:
        answer = browser.get(address(route, admin.project, admin))
        if "Content-Disposition" in answer:
            n_files += 1
            assert answer["Content-Disposition"].startswith("attachment"), route
            assert not answer["Content-Type"].startswith(
                ("text/html", "image/svg", "text/xml", "application/x")
            ) or answer["Content-Type"].startswith("application/x-ndjson"), route
            assert answer["X-Content-Type-Options"] == "nosniff"
            text_of(answer)
    assert n_files > 7
