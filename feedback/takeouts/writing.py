"""Writing a take-out: one compressed file of JSON lines per table, then all of them in one archive with a manifest.

Each chunk becomes a gzip member of its own, so that a file can be cut back to what the cursor vouches for and written
on by another worker; members in a row are one gzip file to every reader. Memory is flat: a chunk ends after CHUNK_BYTES
of text. Which rows belong is settled when the job begins, by the highest id of each table, so that no row refers to one
that is missing; rows that change while it runs are written as they are then.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Max
from django.utils import timezone

from feedback.files import BLOCK, Whole, sha256_of
from feedback.takeouts.models import TakeOut
from feedback.takeouts.tables import Table, tables

SCHEMA = "touchstone.takeout/1"
CHUNK_ROWS = 2_000
CHUNK_BYTES = 4 * 1024 * 1024
KEPT_FOR = timedelta(days=7)

Entry = dict[str, Any]  # of the cursor: {table, bound, after, rows, bytes}


@dataclass
class Archive:
    path: Path
    sha256: str
    manifest: dict[str, Any]


def prepare(takeout: TakeOut) -> Archive | None:
    """The archive of all files when they are written. Its name is the attempt's: a worker that lost the row may be
    writing another.
    """
    entries: list[Entry] = takeout.cursor.get("tables", [])
    if not entries or takeout.cursor["position"] < len(entries) or not is_whole(takeout, entries):
        return None
    path = folder(takeout) / f"takeout-{takeout.attempt}.zip"
    manifest = pack(takeout, entries, path)
    return Archive(path, sha256_of(path.open("rb"), takeout.heartbeat), manifest)


def step(takeout: TakeOut) -> bool:
    """One chunk of one table; after the last one, the archive. True when that is in its place."""
    if not takeout.cursor:
        begin(takeout)
    entries: list[Entry] = takeout.cursor["tables"]
    position = takeout.cursor["position"]
    if position < len(entries):
        if write_chunk(takeout, entries[position]):
            takeout.cursor["position"] = takeout.done = position + 1
        return False
    if not takeout.prepared:
        begin(takeout)
        return False
    finish(takeout, entries, takeout.prepared)
    return True


def begin(takeout: TakeOut) -> None:
    clear(takeout)
    entries: list[Entry] = []
    for table in tables():
        bound = table.model._default_manager.aggregate(bound=Max("pk"))["bound"]
        entries.append({"table": table.label, "bound": bound, "after": None, "rows": 0, "bytes": 0})
    takeout.cursor = {"tables": entries, "position": 0}
    takeout.done, takeout.total = 0, len(entries)


def table_of(label: str) -> Table:
    return next(table for table in tables() if table.label == label)


def write_chunk(takeout: TakeOut, entry: Entry) -> bool:
    """Write some rows of the table and move its entry; True when there are no more."""
    path = file_of(takeout, entry)
    if size_of(path) < entry["bytes"]:
        begin(takeout)  # another machine wrote the rest: once more from the start
        return False
    table = table_of(entry["table"])
    lines, size, is_last = [], 0, True
    for row in rows_after(takeout, table, entry):
        line = msgspec.json.encode(row) + b"\n"
        lines.append(line)
        size += len(line)
        entry["after"] = row[table.model._meta.pk.attname]
        if len(lines) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            is_last = False
            break
    data = gzip.compress(b"".join(lines), mtime=0)
    with resumed(path, entry["bytes"]) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    entry["bytes"] += len(data)
    entry["rows"] += len(lines)
    return is_last


def rows_after(takeout: TakeOut, table: Table, entry: Entry) -> Iterator[dict[str, Any]]:
    if entry["bound"] is None:
        return iter(())  # the table is empty
    rows = table.rows(takeout.project).filter(pk__lte=entry["bound"])
    if entry["after"] is not None:
        rows = rows.filter(pk__gt=entry["after"])
    return rows.values(*table.columns)[:CHUNK_ROWS].iterator(chunk_size=100)


def folder(takeout: TakeOut) -> Path:
    return Path(settings.VAR_DIR) / "partial" / f"takeout-{takeout.pk}"


def clear(takeout: TakeOut) -> None:
    shutil.rmtree(folder(takeout), ignore_errors=True)


def file_of(takeout: TakeOut, entry: Entry) -> Path:
    return folder(takeout) / f"{entry['table']}.jsonl.gz"


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def resumed(path: Path, size: int) -> BinaryIO:
    """The table's file, cut back to what the cursor vouches for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, size)
    return path.open("ab")


def is_whole(takeout: TakeOut, entries: list[Entry]) -> bool:
    return all(size_of(file_of(takeout, entry)) == entry["bytes"] for entry in entries)


def finish(takeout: TakeOut, entries: list[Entry], archive: Archive) -> None:
    """Put the archive into the file storage, and keep it for a while."""
    takeout.manifest, takeout.sha256 = archive.manifest, archive.sha256
    takeout.n_bytes = archive.path.stat().st_size
    takeout.n_rows = sum(entry["rows"] for entry in entries)
    takeout.expires_at = timezone.now() + KEPT_FOR
    name = f"takeouts/{takeout.project_id}/{takeout.pk}.zip"
    default_storage.delete(name)  # what a worker left that died before it could say so
    takeout.file = default_storage.save(name, Whole(archive.path))
    clear(takeout)  # before the commit: who dies after it leaves nothing, and who dies here begins again


def pack(takeout: TakeOut, entries: list[Entry], path: Path) -> dict[str, Any]:
    """Write the archive; its manifest says what each file holds, what was left out, and the SHA-256 of each."""
    listed = []
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for entry in entries:
            table = table_of(entry["table"])
            digest = add(takeout, archive, table.file)
            about = {"table": table.label, "file": table.file, "rows": entry["rows"], "bytes": entry["bytes"]}
            listed.append({**about, "sha256": digest, "columns": table.columns, "left_out": table.left_out})
        project = takeout.project
        manifest = {
            "schema": SCHEMA,
            "project": {"slug": project.slug, "name": project.name, "archived_at": project.archived_at},
            "requested_at": takeout.created_at,
            "written_at": timezone.now(),
            "tables": listed,
            "not_included": "Files made by exports (build them again from their versions), and every secret.",
        }
        text = json.dumps(manifest, indent=1, default=lambda value: value.isoformat())
        sums = "".join(f"{row['sha256']}  {row['file']}\n" for row in listed)
        archive.writestr(info("manifest.json"), text)
        archive.writestr(info("SHA256SUMS"), sums)
    kept: dict[str, Any] = json.loads(text)
    return kept


def info(name: str) -> ZipInfo:
    found = ZipInfo(name, timezone.now().timetuple()[:6])
    found.compress_type, found.external_attr = ZIP_DEFLATED, 0o600 << 16
    return found


def add(takeout: TakeOut, archive: ZipFile, name: str) -> str:
    """Copy a table's file into the archive as it is; its SHA-256."""
    digest, about = hashlib.sha256(), info(name)
    about.compress_type = ZIP_STORED
    with (folder(takeout) / name).open("rb") as source, archive.open(about, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
            takeout.heartbeat()
    return digest.hexdigest()
