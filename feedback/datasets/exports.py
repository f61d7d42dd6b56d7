"""A file from a version's frozen rows: written aside in chunks, named only when it is whole, with its manifest.

A worker that dies leaves a partial file that nobody can download; the next attempt cuts it back to what the cursor vouches for
and goes on. The bytes depend on frozen rows only, so that writing again gives the same file (I7).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from feedback.datasets.models import DatasetVersion, Export
from feedback.datasets.shapes import preference, promptfoo, revision, votes
from feedback.jobs import Job, JobRefused

CHUNK = 500  # rows a step

SHAPES: dict[str, ModuleType] = {
    Export.Shape.PREFERENCE: preference,
    Export.Shape.VOTES: votes,
    Export.Shape.REVISION: revision,
    Export.Shape.PROMPTFOO: promptfoo,
}


def request(version: DatasetVersion, shape: str, split: str = "", by: Any = None) -> Export:
    """The export of this shape, begun when it does not exist; a failed one is begun again."""
    export, created = Export.objects.get_or_create(
        version=version, shape=shape, split=split, defaults={"project_id": version.project_id, "requested_by": by}
    )
    if not created and export.state in {Job.State.FAILED, Job.State.CANCELLED}:
        Export.objects.filter(pk=export.pk, state=export.state).update(state=Job.State.QUEUED, attempt=0, cursor={}, error="", lease_until=None)
        export.refresh_from_db()
    if not export.is_finished:
        export.ring()
    return export


def step(export: Export) -> bool:
    """Write some rows; True when the file is in its place."""
    version = export.version
    if version.state != Job.State.DONE:
        raise JobRefused("The dataset version is not complete; build it first.")
    shape = SHAPES[export.shape]
    if not export.cursor:
        export.cursor = {"after": -1, "bytes": 0, "rows": 0, "facts": shape.facts(version)}
    cursor = export.cursor
    lines = list(shape.rows(version, export.split, cursor["after"], CHUNK, cursor["facts"]))
    with opened(export) as file:
        for position, row in lines:
            cursor["bytes"] += file.write(line(row))
            cursor["after"] = position
        file.flush()
        os.fsync(file.fileno())
    cursor["rows"] += len(lines)
    export.done = cursor["rows"]
    if len(lines) == CHUNK:
        return False
    finish(export, shape)
    return True


def line(row: dict[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def partial(export: Export) -> Path:
    folder = Path(settings.VAR_DIR) / "partial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"export-{export.pk}"


def opened(export: Export) -> Any:
    """The partial file, cut back to what the cursor vouches for."""
    path, size = partial(export), export.cursor["bytes"]
    path.touch()
    if path.stat().st_size < size:
        export.cursor.update({"after": -1, "bytes": 0, "rows": 0})
        raise OSError("The partial file is gone; the export begins again.")
    os.truncate(path, size)
    return path.open("ab")


def finish(export: Export, shape: ModuleType) -> None:
    """Hash the whole file, write its manifest on the row, and put it into the file storage."""
    path = partial(export)
    with path.open("rb") as file:
        export.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    version = export.version
    export.n_rows, export.n_bytes = export.cursor["rows"], export.cursor["bytes"]
    export.manifest = {
        "schema": shape.SCHEMA,
        "project": version.project.slug,
        "dataset": version.dataset.key,
        "version": version.number,
        "shape": export.shape,
        "split": export.split or "all",
        "rows": export.n_rows,
        "bytes": export.n_bytes,
        "sha256": export.sha256,
        "rows_sha256": version.rows_sha256,
        "as_of": version.cursor.get("as_of"),
        "rule": version.rule,
        "counts": version.counts,
        "statistics": version.statistics,
    }
    name = f"exports/{version.project_id}/{version.pk}/{export.shape}{'-' + export.split if export.split else ''}-{export.sha256[:12]}.{shape.EXTENSION}"
    if not default_storage.exists(name):
        with path.open("rb") as file:
            name = default_storage.save(name, File(file))
    export.file = name
    path.unlink()


def file_name(export: Export) -> str:
    """What a person's download is called."""
    version = export.version
    split = f"-{export.split}" if export.split else ""
    return f"{version.dataset.key}-v{version.number}-{export.shape}{split}.{SHAPES[export.shape].EXTENSION}"


def rewritten(export: Export) -> Iterator[bytes]:
    """The lines that the frozen rows give now, for checking the file against them."""
    shape, after = SHAPES[export.shape], -1
    known = shape.facts(export.version)
    while chunk := list(shape.rows(export.version, export.split, after, CHUNK, known)):
        yield from (line(row) for _, row in chunk)
        after = chunk[-1][0]
