"""Files packed and in columns: whole or not there at all, the same bytes whenever they are written, read by others."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.test import Client
from pyarrow import parquet

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import exports, formats, invariants, writing
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.jobs import JobRefused
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated
from tests.feedback.datasets.test_exports import TOOL, content

ALL = [("jsonl", "gzip"), ("jsonl", "zstd"), ("parquet", ""), ("csv", ""), ("csv", "gzip"), ("csv_safe", "")]
WITHOUT_COLUMNS = {"promptfoo", "opik"}
WITHOUT_ROWS = {"held_out"}  # where all is for training; test_folder.py has it
CALL = {"id": "c1", "type": "function", "function": {"name": "light", "arguments": '{"on": true}'}}


def made(version: DatasetVersion, format: str, packing: str = "", shape: str = "preference") -> Export:
    export = exports.request(version, shape, format=format, packing=packing)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert export.state == "done", export.error
    return export


def plain(export: Export) -> list[dict[str, Any]]:
    """Records of the JSONL file of the same shape."""
    lines = content(made(export.version, "jsonl", shape=export.shape)).split(b"\n")[:-1]
    return [json.loads(line) for line in lines]


@pytest.fixture
def version(project: Project, dataset: Dataset, compared: Compared, rated: Rated, built: Built) -> DatasetVersion:
    dataset.shares = {"train": 1.0}
    for votes in ("AAA", "AAB", "BBB", "AAA"):
        compared(votes, texts=('=1+1, "so"\nsay we', "-No\u2028idea."))
    call = [{"role": "user", "content": "On"}, {"role": "assistant", "content": None, "tool_calls": [CALL]}]
    compared("AAA", messages=[*call, {"role": "tool", "tool_call_id": "c1", "content": "ok"}], body={"tools": [TOOL]})
    bad = make.response(project, "You have 90 days.", passages=["Claims within 30 days."])
    mark = {
        "response": bad.pk, "start": 9, "end": 11, "quote": "90", "kind": "contradicted", "severity": "major",
        "note": "", "evidence": {"passage": bad.passages.get().pk, "start": 14, "end": 21, "quote": "30 days"},
    }  # fmt: skip
    rated(bad, 2, 2, flags=[mark], rewrite={"response": bad.pk, "text": "You have 30 days."})
    rated(make.response(project, "Yes."), 5, 5)
    return built()


def test_packed_files_hold_the_same_lines(version: DatasetVersion) -> None:
    lines = content(made(version, "jsonl"))
    assert gzip.decompress(content(made(version, "jsonl", "gzip"))) == lines
    packed = content(made(version, "jsonl", "zstd"))
    assert zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)).read() == lines
    empty = made(version, "jsonl", "gzip", shape="reward")
    assert empty.manifest["made_by"]["zlib"]


def test_every_shape_goes_into_columns_and_back(version: DatasetVersion) -> None:
    for shape in Export.Shape.values:
        if shape in WITHOUT_COLUMNS | WITHOUT_ROWS:
            continue
        export = made(version, "parquet", shape=shape)
        with default_storage.open(export.file) as file:
            table = parquet.read_table(file)
        rows = plain(export)
        assert table.num_rows == export.n_rows == len(rows) > 0, shape
        assert set(rows[0]) <= set(table.column_names), shape
        for row, record in zip(table.to_pylist(), rows, strict=True):
            assert like(row, record), (shape, row, record)
        assert b"".join(exports.rewritten(export)) == content(export)


def like(found: Any, told: Any) -> bool:
    """The same; absent is null in columns, and what has no types is text."""
    if isinstance(told, dict) and isinstance(found, str) or isinstance(told, list) and isinstance(found, str):
        return bool(json.loads(found) == told)
    if isinstance(told, dict):
        return told.keys() <= found.keys() and all(like(found[name], told.get(name)) for name in found)
    if isinstance(told, list):
        return len(found) == len(told) and all(map(like, found, told))
    return bool(found == told)


def test_csv_keeps_every_text_as_it_is(version: DatasetVersion) -> None:
    export = made(version, "csv")
    rows = list(csv.DictReader(io.StringIO(content(export).decode(), newline="")))
    for row, record in zip(rows, plain(export), strict=True):
        assert json.loads(row["prompt"]) == record["prompt"]
        assert row["pair_id"] == record["pair_id"]
        assert float(row["agreement"]) == record["agreement"]
        assert (row["tools"] or None) == record["tools"]


def test_no_cell_of_a_spreadsheet_is_a_formula(version: DatasetVersion) -> None:
    data = content(made(version, "csv_safe", shape="attributes"))
    assert data.startswith("\ufeff".encode())
    dangerous = "=1+1"
    line = formats.line_of("csv_safe", {"response": "text", "n": "int"})({"response": dangerous, "n": -3})
    assert line == b'"\'=1+1",-3\r\n'
    assert formats.line_of("csv", {"response": "text"})({"response": dangerous}) == b'"=1+1"\r\n'


@pytest.mark.parametrize(("format", "packing"), ALL)
def test_killed_at_each_chunk_it_ends_the_same(
    version: DatasetVersion, monkeypatch: pytest.MonkeyPatch, format: str, packing: str
) -> None:
    """The worker dies after each chunk, and once more when all is made and nothing is committed."""
    monkeypatch.setattr(writing, "CHUNK", 2)
    whole = made(version, format, packing)
    data = content(whole)
    default_storage.delete(whole.file)
    export = exports.request(version, "preference", format=format, packing=packing)
    assert export.pk == whole.pk
    for _ in range(20):
        attempt = jobs.claim(Export, export.pk)
        assert attempt
        if not jobs.run_chunk(Export, export.pk, attempt):
            break
        export.refresh_from_db()
        assert not default_storage.exists(whole.file)
        exports.prepare(export)  # and dies
        if not export.cursor["is_written"]:
            exports.partial(export).open("ab").write(b"half a li")
        Export.objects.filter(pk=export.pk).update(lease_until=Now() - timedelta(seconds=1))
    export.refresh_from_db()
    assert (export.state, export.sha256, content(export)) == ("done", whole.sha256, data)
    assert not list(exports.partial(export).parent.glob("export-*"))
    assert invariants.broken_exports() == []


def test_packed_otherwise_by_another_library_it_is_still_the_same(version: DatasetVersion) -> None:
    for format, packing in ALL[:3]:
        export = made(version, format, packing)
        export.manifest["made_by"] = {"zlib": "0"}
        export.save()
    assert invariants.broken_exports() == []
    version.pairs.order_by("position").last().delete()  # type: ignore[union-attr]
    assert len(invariants.broken_exports()) == 3


def test_parquet_is_held_to_its_columns(version: DatasetVersion) -> None:
    groups = parquet.ParquetFile(io.BytesIO(content(made(version, "parquet"))))
    assert groups.metadata.num_row_groups == 1
    line = formats.line_of("parquet", {"name": "text"})
    with pytest.raises(JobRefused, match="no place for: other"):
        line({"name": "a", "other": 1})
    with pytest.raises(JobRefused, match="does not fit"):
        formats.to_parquet([line({"name": 1})], io.BytesIO(), {"name": "text"}, lambda: None)


@pytest.mark.parametrize(("shape", "format", "packing"), [("opik", "csv", ""), ("preference", "parquet", "gzip")])
def test_what_there_cannot_be_is_said(
    version: DatasetVersion, curator: Member, shape: str, format: str, packing: str
) -> None:
    wanted: dict[str, Any] = {"shape": shape, "format": format, "packing": packing}
    with pytest.raises(JobRefused):
        exports.request(version, **wanted)
    key = make.api_key(version.project, "datasets:write")
    path = f"/api/v1/dataset-versions/{version.pk}/exports/"
    answer = Client(headers={"Authorization": f"Bearer {key}"}).post(path, wanted, content_type="application/json")
    assert (answer.status_code, "Take" in answer.content.decode()) == (400, True)
    page = make.SignedIn(curator).post(version.get_absolute_url() + "exports/", wanted)
    assert (page.status_code, "Take" in page.content.decode()) == (422, True)


def test_a_packed_download_goes_on_where_it_broke(version: DatasetVersion) -> None:
    export = made(version, "csv", "gzip")
    client = Client(headers={"Authorization": f"Bearer {make.api_key(version.project, 'datasets:read')}"})
    url = f"/api/v1/exports/{export.pk}/download/"
    whole = client.get(url)
    assert (whole["Content-Type"], whole.has_header("Content-Encoding")) == ("application/gzip", False)
    assert whole["Content-Disposition"].endswith('-v1-preference.csv.gz"')
    data = whole.getvalue()
    rest = client.get(url, headers={"Range": "bytes=20-", "If-Range": whole["ETag"]})
    assert data[:20] + rest.getvalue() == data == content(export)
