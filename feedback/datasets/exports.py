"""A file from a version's frozen rows: its lines written aside in chunks, then made in one pass, and named only when it
is whole, with its manifest.

A worker that dies leaves lines that nobody can download; the next attempt cuts them back to what the cursor vouches for
and goes on, or begins again where they are not. The bytes depend on frozen rows only, so that writing again gives the
same file (I7).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.datasets import folder, formats, sealed
from feedback.datasets.announce import export_ready
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.datasets.shapes.catalogue import SHAPES
from feedback.datasets.writing import Piece
from feedback.files import BLOCK, Whole, sha256_of
from feedback.jobs import Job, JobRefused

REDACTED = "Rows of this version were erased. Make the file from the version that follows it."
Format, Packing = Export.Format, Export.Packing
FOLDER_FORMATS = {Format.JSONL, Format.PARQUET}
ZIP = formats.Kept("zip", "application/zip")


@transaction.atomic
def request(
    version: DatasetVersion,
    shape: str,
    split: str = "",
    format: str = Format.JSONL,
    packing: str = Packing.NONE,
    *,
    by: Member | None = None,
    http: Any = None,
    actor: str = "system",
) -> Export:
    """The export of this shape, begun when it does not exist; one that failed or whose file is gone is begun again.

    `by`, the request `http` or `actor` says who asked. Raises JobRefused when there is no such file, and Sealed for the
    test split where it is to be learnt from.
    """
    if why := refused(shape, format, packing):
        raise JobRefused(why)
    if version.is_redacted:
        raise JobRefused(REDACTED)
    wanted = {"shape": shape, "split": split_of(shape, split), "format": format, "packing": packing}
    export, created = Export.objects.get_or_create(
        version=version, **wanted, defaults={"project_id": version.project_id, "requested_by": by}
    )
    is_lost = export.state == Job.State.DONE and not default_storage.exists(export.file)
    if is_lost or export.state in {Job.State.FAILED, Job.State.CANCELLED}:
        again = {"state": Job.State.QUEUED, "cursor": {}, "done": 0, "error": "", "lease_until": None}
        again |= {"started_at": None, "finished_at": None}
        created = bool(Export.objects.filter(pk=export.pk, state=export.state).update(**again))
        export.refresh_from_db()
    if created:
        record("export-requested", export, request=http, actor=by or actor, **wanted)
    if not export.is_finished:
        export.ring()
    return export


def refused(shape: str, format: str, packing: str) -> str:
    """Why there is no such file; empty when there is one."""
    if shape == Export.FOLDER:
        return "" if format in FOLDER_FORMATS and not packing else "A folder holds JSONL or Parquet, and is not packed."
    if format != Format.JSONL and not hasattr(SHAPES[shape], "columns"):
        return f"{shape} has the names of your variables, which no column can have before. Take JSONL."
    if format == Format.PARQUET and packing:
        return "A Parquet file is packed inside already. Take it as it is."
    return ""


def split_of(shape: str, split: str) -> str:
    """Votes belong to no split: there is one file of them; a folder holds all. Rows that cannot tell their split never
    stand in one file with another's: asked for all, it is the training split.
    """
    if shape in {Export.Shape.VOTES, Export.FOLDER}:
        return ""
    if shape == Export.Shape.HELD_OUT:
        return Split.TEST
    sealed.refuse(shape, split)
    return split or ("" if getattr(SHAPES[shape], "TELLS_SPLIT", True) else Split.TRAIN)


# -- the job


@dataclass
class Made:
    """A file that is whole, beside its lines: its SHA-256 and size, and whether the file storage has the same."""

    path: Path
    told: dict[str, Any]  # what the manifest says of it besides
    sha256: str
    n_bytes: int
    is_stored: bool


def prepare(export: Export) -> Made | None:
    """Make the file when all lines are written. The storage may have half of what somebody copied who died."""
    found = pieces(export, partial(export)) if export.cursor else []
    if not found or not all(piece.is_whole for piece in found):
        return None
    path, told = make(export, found, partial(export))
    sha256 = sha256_of(path.open("rb"), export.heartbeat)
    name = stored_name(export, sha256)
    is_stored = default_storage.exists(name) and sha256_of(default_storage.open(name), export.heartbeat) == sha256
    return Made(path, told, sha256, path.stat().st_size, is_stored)


def step(export: Export) -> bool:
    """Write some lines, and once the file is made put it into its place; True when it is there."""
    if export.version.state != Job.State.DONE:
        raise JobRefused("The dataset version is not complete; build it first.")
    if export.version.is_redacted:
        raise JobRefused(REDACTED)
    if export.prepared:
        finish(export, export.prepared)
        export_ready(export)
        return True
    found = pieces(export, partial(export))
    if not any(piece.cursor for piece in found):
        for piece in found:
            piece.begin()
        expected = [piece.expected() for piece in found]
        export.total = None if None in expected else sum(filter(None, expected))
    next(piece for piece in found if not piece.is_whole).step()
    export.done = sum(piece.done for piece in found)
    return False


def pieces(export: Export, path: Path) -> list[Piece]:
    """What the file is made of, its lines at or beside `path`."""
    if export.shape == Export.FOLDER:
        return folder.pieces(export, path)
    is_sealed = sealed.is_sealed(export)
    return [Piece(export.version, export.shape, export.split, export.format, path, export.cursor, is_sealed)]


def make(export: Export, found: list[Piece], path: Path) -> tuple[Path, dict[str, Any]]:
    """The whole file, in one pass over the lines: begun again by whoever takes over from a worker that died in it."""
    if export.shape == Export.FOLDER:
        return folder.make(export, found, path)
    told = found[0].about()
    if hasattr(found[0].maker, "beside"):
        told["beside"] = found[0].maker.beside(file_name(export))
    if formats.is_plain(export.format, export.packing):
        return path, told
    made, piece = path.with_name(f"{path.name}.made"), found[0]
    with piece.path.open("rb") as lines, made.open("wb") as sink:
        how: Any = {"format": export.format, "packing": export.packing, "columns": piece.columns}
        formats.turn(lines, sink, meanwhile=export.heartbeat, **how)
    return made, told


def partial(export: Export) -> Path:
    return Path(settings.VAR_DIR) / "partial" / f"export-{export.pk}"


def forget(export: Export) -> None:
    """Remove what was written aside."""
    path = partial(export)
    for left in [path, *path.parent.glob(f"{path.name}.*")]:
        left.unlink(missing_ok=True)


def finish(export: Export, made: Made) -> None:
    """Write the manifest on the row, and put the file into the file storage."""
    found = pieces(export, partial(export))
    export.sha256, export.n_bytes = made.sha256, made.n_bytes
    export.n_rows = sum(piece.cursor["rows"] for piece in found)
    export.manifest = manifest(export, made.told)
    export.file = stored_name(export, made.sha256)
    if not made.is_stored:
        default_storage.delete(export.file)
        export.file = default_storage.save(export.file, Whole(made.path))
    forget(export)  # before the commit: who dies after it leaves nothing, and who dies here begins again


# -- what is said of it


def manifest(export: Export, told: dict[str, Any]) -> dict[str, Any]:
    version = export.version
    if made_by := formats.made_by(export.format, export.packing):
        told = {**told, "made_by": made_by}
    return {
        "schema": folder.SCHEMA if export.shape == Export.FOLDER else SHAPES[export.shape].SCHEMA,
        "project": version.project.slug,
        "dataset": version.dataset.key,
        "version": version.number,
        "shape": export.shape,
        "split": export.split or ("all but test" if sealed.is_sealed(export) else "all"),
        "sealed": sealed.is_sealed(export),
        "format": export.format,
        "packing": export.packing or "none",
        "rows": export.n_rows,
        "bytes": export.n_bytes,
        "sha256": export.sha256,
        "rows_sha256": version.rows_sha256,
        "as_of": version.cursor.get("as_of"),
        "rule": version.rule,
        "counts": version.counts,
        "statistics": version.statistics,
        **told,
    }


def kept(export: Export) -> formats.Kept:
    return ZIP if export.shape == Export.FOLDER else formats.kept(export.format, export.packing)


def stored_name(export: Export, sha256: str) -> str:
    part = f"{export.shape}-{export.split}" if export.split else export.shape
    return f"exports/{export.project_id}/{export.version_id}/{part}-{sha256[:12]}.{kept(export).extension}"


def file_name(export: Export) -> str:
    """What a person's download is called."""
    version = export.version
    split = f"-{export.split}" if export.split else ""
    return f"{version.dataset.key}-v{version.number}-{export.shape}{split}.{kept(export).extension}"


# -- checking


def rows_sha256(export: Export, file: Any) -> str:
    """Of what such a file holds, whichever library packed it; closes the file."""
    if export.shape == Export.FOLDER:
        return folder.rows_sha256(file, export.format)
    return formats.rows_sha256(file, export.format, export.packing)


def rewritten(export: Export) -> Iterator[bytes]:
    """The file that the frozen rows give now, for checking it against them."""
    again = Export(version=export.version, shape=export.shape, split=export.split)
    again.format, again.packing, again.beaten_at = export.format, export.packing, float("inf")
    again.state, again.manifest = export.state, export.manifest
    beside = partial(export).parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix="check-") as place:
        found = pieces(again, Path(place) / "export")
        for piece in found:
            piece.is_checked = False  # that is told apart
            piece.begin()
            while not piece.is_whole:
                piece.step()
        with make(again, found, Path(place) / "export")[0].open("rb") as file:
            while block := file.read(BLOCK):
                yield block
