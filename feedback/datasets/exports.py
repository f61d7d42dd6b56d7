"""A file from a version's frozen rows: written aside in chunks, named only when it is whole, with its manifest.

A worker that dies leaves a partial file that nobody can download; the next attempt cuts it back to what the cursor
vouches for and goes on, or begins again where the file is not. The bytes depend on frozen rows only, so that writing
again gives the same file (I7).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import msgspec
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.datasets.shapes import (
    attributes,
    conversation,
    dspy,
    inspect_ai,
    kto,
    langfuse,
    langsmith,
    llamafactory,
    nemo_rl,
    nova,
    openai,
    openai_evals,
    opik,
    preference,
    promptfoo,
    provenance,
    revision,
    reward,
    sft,
    spans,
    vertex,
    votes,
)
from feedback.datasets.statistics import count
from feedback.files import Whole, sha256_of
from feedback.jobs import Job, JobRefused

CHUNK = 5000  # rows a step: some tenths of a second, and one wait for the disk
START: dict[str, Any] = {"after": -1, "bytes": 0, "rows": 0}

SHAPES: dict[str, ModuleType] = {
    Export.Shape.PREFERENCE: preference,
    Export.Shape.CONVERSATION: conversation,
    Export.Shape.REWARD: reward,
    Export.Shape.OPENAI: openai,
    Export.Shape.LLAMAFACTORY: llamafactory,
    Export.Shape.NEMO_RL: nemo_rl,
    Export.Shape.VERTEX: vertex,
    Export.Shape.NOVA: nova,
    Export.Shape.PROVENANCE: provenance,
    Export.Shape.SFT: sft,
    Export.Shape.KTO: kto,
    Export.Shape.ATTRIBUTES: attributes,
    Export.Shape.SPANS: spans,
    Export.Shape.VOTES: votes,
    Export.Shape.REVISION: revision,
    Export.Shape.PROMPTFOO: promptfoo,
    Export.Shape.DSPY: dspy,
    Export.Shape.OPIK: opik,
    Export.Shape.LANGFUSE: langfuse,
    Export.Shape.LANGSMITH: langsmith,
    Export.Shape.INSPECT_AI: inspect_ai,
    Export.Shape.OPENAI_EVALS: openai_evals,
}


@transaction.atomic
def request(
    version: DatasetVersion, shape: str, split: str = "", *, by: Member | None = None, http: Any = None
) -> Export:
    """The export of this shape, begun when it does not exist; one that failed or whose file is gone is begun again.

    `by` or the request `http` says who asked.
    """
    split = split_of(shape, split)
    export, created = Export.objects.get_or_create(
        version=version, shape=shape, split=split, defaults={"project_id": version.project_id, "requested_by": by}
    )
    is_lost = export.state == Job.State.DONE and not default_storage.exists(export.file)
    if is_lost or export.state in {Job.State.FAILED, Job.State.CANCELLED}:
        again = {"state": Job.State.QUEUED, "cursor": {}, "done": 0, "error": "", "lease_until": None}
        again |= {"started_at": None, "finished_at": None}
        created = bool(Export.objects.filter(pk=export.pk, state=export.state).update(**again))
        export.refresh_from_db()
    if created:
        record("export-requested", export, request=http, actor=by or "system", shape=shape, split=split)
    if not export.is_finished:
        export.ring()
    return export


def split_of(shape: str, split: str) -> str:
    """Votes belong to no split: there is one file of them. Rows that cannot tell their split never stand in one file
    with another's: asked for all, it is the training split.
    """
    if shape == Export.Shape.VOTES:
        return ""
    return split or ("" if getattr(SHAPES[shape], "TELLS_SPLIT", True) else Split.TRAIN)


@dataclass
class Hashed:
    """A partial file that is whole: its SHA-256, and whether the file storage has the same."""

    sha256: str
    is_stored: bool


def prepare(export: Export) -> Hashed | None:
    """Read the whole file when all rows are written. The storage may have half of what somebody copied who died."""
    path = partial(export)
    if not export.cursor.get("is_written") or not path.exists() or path.stat().st_size != export.cursor["bytes"]:
        return None
    sha256 = sha256_of(path.open("rb"), export.heartbeat)
    name = stored_name(export, sha256)
    is_stored = default_storage.exists(name) and sha256_of(default_storage.open(name), export.heartbeat) == sha256
    return Hashed(sha256, is_stored)


def step(export: Export) -> bool:
    """Write some rows, and once they are all written put the file into its place; True when it is there."""
    version = export.version
    if version.state != Job.State.DONE:
        raise JobRefused("The dataset version is not complete; build it first.")
    shape = SHAPES[export.shape]
    if not export.cursor:
        export.cursor = {**START, "left_out": {}, "tally": {}, "facts": shape.facts(version)}
        export.total = expected(export)
    if export.prepared:
        finish(export, export.prepared)
        return True
    with resumed(export) as file:
        read = write(export, file)
        file.flush()
        os.fsync(file.fileno())
    export.done = export.cursor["rows"] + sum(export.cursor.get("left_out", {}).values())
    export.cursor["is_written"] = read < CHUNK
    return False


def write(export: Export, file: BinaryIO) -> int:
    """The next lines, and in the cursor what they come to; how many frozen rows were read for them."""
    cursor, read, tallied = export.cursor, 0, getattr(SHAPES[export.shape], "TALLIED", "")
    for position, row in rows(export, cursor["after"], cursor["facts"]):
        read, last = read + 1, position
        if isinstance(row, str):
            count(cursor["left_out"], row)
            continue
        cursor["bytes"] += file.write(line(row))
        cursor["rows"] += 1
        if tallied:
            count(cursor["tally"], json.dumps(row[tallied]))
    if read:
        cursor["after"] = last
    return read


def rows(export: Export, after: int, facts: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Position and record of the next frozen rows; in place of a record, why a row is left out of this file."""
    shape = SHAPES[export.shape]
    for position, frozen in shape.read(export.version, export.split, after, CHUNK, facts):
        yield position, shape.record(frozen, facts)


def expected(export: Export) -> int | None:
    """How many rows there will be, where the version knows."""
    version = export.version
    if export.shape == Export.Shape.VOTES:
        return int(version.counts["comparisons"])
    if "leading" in export.cursor["facts"]:  # a shape whose rows are made of pairs
        sizes = version.statistics["by_split"]
        return int(sizes.get(export.split, 0) if export.split else sum(sizes.values()))
    return None


ESCAPED = {"\u2028".encode(): rb"\u2028", "\u2029".encode(): rb"\u2029", "\x85".encode(): rb"\u0085"}


def line(row: dict[str, Any]) -> bytes:
    """One line of JSON; characters that some readers take for the end of a line are escaped."""
    data = msgspec.json.encode(row)
    if not data.isascii():
        for character, escape in ESCAPED.items():
            data = data.replace(character, escape)
    return data + b"\n"


def partial(export: Export) -> Path:
    return Path(settings.VAR_DIR) / "partial" / f"export-{export.pk}"


def resumed(export: Export) -> BinaryIO:
    """The partial file, cut back to what the cursor vouches for; when it is not all there, a new one from the first
    row.
    """
    path = partial(export)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    if path.stat().st_size < export.cursor["bytes"]:
        export.cursor |= {**START, "left_out": {}, "tally": {}}
    os.truncate(path, export.cursor["bytes"])
    return path.open("ab", buffering=1024 * 1024)


def stored_name(export: Export, sha256: str) -> str:
    part = f"{export.shape}-{export.split}" if export.split else export.shape
    return f"exports/{export.project_id}/{export.version_id}/{part}-{sha256[:12]}.{SHAPES[export.shape].EXTENSION}"


def finish(export: Export, hashed: Hashed) -> None:
    """Write the manifest on the row, and put the file into the file storage."""
    path, version = partial(export), export.version
    export.sha256 = hashed.sha256
    export.n_rows, export.n_bytes = export.cursor["rows"], export.cursor["bytes"]
    export.manifest = {
        "schema": SHAPES[export.shape].SCHEMA,
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
        **about_rows(export),
    }
    export.file = stored_name(export, hashed.sha256)
    if not hashed.is_stored:
        default_storage.delete(export.file)
        export.file = default_storage.save(export.file, Whole(path))
    path.unlink(missing_ok=True)  # before the commit: who dies after it leaves nothing, and who dies here begins again


def about_rows(export: Export) -> dict[str, Any]:
    """What was left out by reason, labels counted, and what stands in files beside this one."""
    cursor, shape = export.cursor, SHAPES[export.shape]
    told: dict[str, Any] = {"left_out": dict(sorted(cursor.get("left_out", {}).items()))}
    if hasattr(shape, "TALLIED"):
        told[shape.TALLIED] = dict(sorted(cursor["tally"].items()))
    if hasattr(shape, "beside"):
        told["beside"] = shape.beside(file_name(export))
    return told


def file_name(export: Export) -> str:
    """What a person's download is called."""
    version = export.version
    split = f"-{export.split}" if export.split else ""
    return f"{version.dataset.key}-v{version.number}-{export.shape}{split}.{SHAPES[export.shape].EXTENSION}"


def rewritten(export: Export) -> Iterator[bytes]:
    """The lines that the frozen rows give now, for checking the file against them."""
    after, known = -1, SHAPES[export.shape].facts(export.version)
    while chunk := list(rows(export, after, known)):
        yield from (line(row) for _, row in chunk if not isinstance(row, str))
        after = chunk[-1][0]
