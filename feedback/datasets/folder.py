"""A version as the whole folder that Hugging Face expects: data by shape and split, a card, Croissant, a manifest.

It is one zip file, not packed, whose bytes depend on frozen rows only. Unpacked, `load_dataset(folder, "sft")` gives
the splits, and a hub shows the card.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.datasets import card, croissant, formats, sealed
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.datasets.writing import Piece
from feedback.files import BLOCK

SCHEMA = "touchstone.folder/1"
Shape = Export.Shape
SHAPES = (Shape.PREFERENCE, Shape.SFT, Shape.KTO, Shape.ATTRIBUTES, Shape.SPANS, Shape.VOTES)
RAW = "raw"  # votes belong to no split, and a folder has no data without one
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file knows


@dataclass
class Member:
    """A data file of the folder, made beside its lines."""

    piece: Piece
    path: Path
    sha256: str
    n_bytes: int

    @property
    def name(self) -> str:
        """As Hugging Face names the one part of a split."""
        extension = formats.kept(self.piece.format, "").extension
        return f"data/{self.piece.shape}/{self.split}-00000-of-00001.{extension}"

    @property
    def split(self) -> str:
        return self.piece.split or RAW

    def told(self) -> dict[str, Any]:
        about = {"shape": self.piece.shape, "split": self.split, "schema": self.piece.maker.SCHEMA}
        sizes = {"rows": self.piece.cursor["rows"], "bytes": self.n_bytes, "sha256": self.sha256}
        return {"path": self.name, **about, **sizes, **self.piece.about()}


def pieces(export: Export, path: Path) -> list[Piece]:
    """One for each shape and split, its lines beside `path`; what has no row in the end is not in the folder."""
    kept: dict[str, Any] = export.cursor.setdefault("pieces", {})
    found = []
    for shape, split in parts(export.version):
        name = f"{shape}.{split or RAW}"
        beside = path.with_name(f"{path.name}.{name}")
        cursor, is_sealed = kept.setdefault(name, {}), shape in sealed.LEARNT_FROM
        found.append(Piece(export.version, shape, split, export.format, beside, cursor, is_sealed))
    return found


def parts(version: DatasetVersion) -> Iterator[tuple[str, str]]:
    for shape in SHAPES:
        if shape == Shape.ATTRIBUTES and "rated" not in version.cursor:
            continue  # of versions that were built before their ratings were counted
        for split in [""] if shape == Shape.VOTES else [Split.TRAIN, Split.VALIDATION]:
            yield shape, split
    yield Shape.HELD_OUT, Split.TEST


def make(export: Export, found: list[Piece], path: Path) -> tuple[Path, dict[str, Any]]:
    """The folder as a zip file, and what its manifest says of its files."""
    members = [member(export, piece) for piece in found if piece.cursor["rows"]]
    files = [one.told() for one in members]
    about = card.facts(export.version, files)
    texts = {
        "README.md": card.written(about),
        "croissant.json": json.dumps(croissant.described(about, members), ensure_ascii=False, indent=2) + "\n",
        "manifest.json": json.dumps({"schema": SCHEMA, **about}, ensure_ascii=False, indent=2, sort_keys=True) + "\n",
    }
    made = path.with_name(f"{path.name}.made")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED, allowZip64=True) as folder:
        for name, text in texts.items():
            folder.writestr(entry(name), text.encode())
        for one in members:
            copied(one, folder, export)
    return made, {"files": files}


def member(export: Export, piece: Piece) -> Member:
    path = piece.path
    if not formats.is_plain(piece.format, ""):
        path = path.with_name(f"{path.name}.made")
        with piece.path.open("rb") as lines, path.open("wb") as sink:
            how: Any = {"format": piece.format, "packing": "", "columns": piece.columns}
            formats.turn(lines, sink, meanwhile=export.heartbeat, **how)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            export.heartbeat()
    return Member(piece, path, digest.hexdigest(), path.stat().st_size)


def rows_sha256(file: Any, format: str) -> str:
    """Of what a folder's data files hold, whichever library made them; closes the file."""
    digest = hashlib.sha256()
    with file, zipfile.ZipFile(file) as packed:
        for name in packed.namelist():
            if name.startswith("data/"):
                digest.update(f"{name} {formats.rows_sha256(packed.open(name), format, '')}".encode())
    return digest.hexdigest()


def entry(name: str, size: int = 0) -> zipfile.ZipInfo:
    """Without time, owner or system, so that the same files are the same folder."""
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.create_system, info.external_attr, info.file_size = 3, 0o644 << 16, size
    return info


def copied(one: Member, folder: zipfile.ZipFile, export: Export) -> None:
    with one.path.open("rb") as file, folder.open(entry(one.name, one.n_bytes), "w") as into:
        while block := file.read(BLOCK):
            into.write(block)
            export.heartbeat()
