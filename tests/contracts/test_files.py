"""Files of every shape and format, and the whole folder, as Hugging Face datasets and mlcroissant read them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from feedback.datasets.models import DatasetVersion, Export
from tests.contracts.conftest import run, written

pytestmark = [pytest.mark.contracts, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(900)]
READERS = {"jsonl": "json", "parquet": "parquet", "csv": "csv", "csv_safe": "csv"}
WITHOUT_COLUMNS = {"promptfoo", "opik"}

LOAD = """
import json, sys
from datasets import load_dataset
found = {}
for reader, path in json.loads(open(sys.argv[1]).read()):
    rows = load_dataset(reader, data_files=path, split="train")
    found[path] = {"columns": rows.column_names, "n": len(rows), "first": json.loads(json.dumps(rows[0], default=str))}
print(json.dumps(found))
"""
FOLDER = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
found = {}
for config in get_dataset_config_names(sys.argv[1]):
    found[config] = {split: len(rows) for split, rows in load_dataset(sys.argv[1], config).items()}
print(json.dumps(found))
"""
CROISSANT = """
import json, sys
import mlcroissant as mlc
dataset = mlc.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
rows = {one.id: sum(1 for _ in dataset.records(one.id)) for one in dataset.metadata.record_sets}
print(json.dumps({"errors": sorted(map(str, issues.errors)), "warnings": sorted(map(str, issues.warnings)),
                  "rows": rows}))
"""


def test_every_file_loads_with_every_row(version: DatasetVersion, tmp_path: Path) -> None:
    """But for Zstandard, which datasets reads where the package zstandard is installed beside it."""
    told: dict[str, tuple[Export, str]] = {}
    for shape in Export.Shape.values:
        for format, reader in READERS.items():
            if shape in WITHOUT_COLUMNS and format != "jsonl":
                continue
            for packing in ["", "gzip"] if shape == "preference" and format != "parquet" else [""]:
                export, path = written(version, tmp_path, shape, format, packing)
                if export.n_rows:
                    told[str(path)] = (export, reader)
    assert {export.shape for export, _ in told.values()} == set(Export.Shape.values)
    (tmp_path / "list.json").write_text(json.dumps([(reader, path) for path, (_, reader) in told.items()]))
    found = run("-c", LOAD, tmp_path / "list.json", folder=tmp_path)
    wrong = {path: (found[path]["n"], export.n_rows) for path, (export, _) in told.items()
             if found[path]["n"] != export.n_rows}  # fmt: skip
    assert wrong == {}
    columns: dict[str, dict[str, list[str]]] = {}
    for name, (export, _) in told.items():
        columns.setdefault(export.shape, {})[export.format] = found[name]["columns"]
    for shape, by_format in columns.items():
        assert set(by_format.get("parquet", by_format["jsonl"])) >= set(by_format["jsonl"]), shape


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_the_folder_loads_by_config_and_split(version: DatasetVersion, tmp_path: Path, format: str) -> None:
    export, path = written(version, tmp_path, "folder", format)
    zipfile.ZipFile(path).extractall(tmp_path / "folder")
    expected: dict[str, Any] = {}
    for file in export.manifest["files"]:
        expected.setdefault(file["shape"], {})[file["split"]] = file["rows"]
    assert run("-c", FOLDER, tmp_path / "folder", folder=tmp_path) == expected
    told = run("-c", CROISSANT, tmp_path / "folder/croissant.json", folder=tmp_path)
    assert (told["errors"], told["warnings"]) == ([], [])
    assert told["rows"] == {f"{file['shape']}-{file['split']}": file["rows"] for file in export.manifest["files"]}
