"""Rows of one shape and split on their way into lines, some at a time, and how far they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from feedback.datasets import formats, sealed
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.datasets.shapes.catalogue import SHAPES
from feedback.datasets.shapes.columns import Columns, Record
from feedback.datasets.statistics import count

CHUNK = 5000  # rows a step: some tenths of a second, and one wait for the disk
Cursor = dict[str, Any]


@dataclass
class Piece:
    """The lines stand in `path`; `cursor` vouches for so many bytes of it, and ends in the manifest."""

    version: DatasetVersion
    shape: str
    split: str
    format: str
    path: Path
    cursor: Cursor
    is_sealed: bool
    is_checked: bool = True  # whether each row is held against the splits of its groups

    @property
    def maker(self) -> ModuleType:
        return SHAPES[self.shape]

    @property
    def columns(self) -> Columns | None:
        """None where no two rows need have the same, and for JSONL, whose rows are as they are."""
        if self.format == Export.Format.JSONL or not hasattr(self.maker, "columns"):
            return None
        found: Columns = self.maker.columns(self.cursor["facts"])
        return found

    def begin(self) -> None:
        facts = self.cursor.get("facts")
        self.cursor |= {"after": -1, "bytes": 0, "rows": 0, "left_out": {}, "tally": {}, "is_written": False}
        known = {**self.maker.facts(self.version), "sealed": self.is_sealed} if facts is None else facts
        self.cursor["facts"] = known

    @property
    def is_whole(self) -> bool:
        """All lines are written, and they are here."""
        is_written = self.cursor.get("is_written") and self.path.exists()
        return bool(is_written) and self.path.stat().st_size == self.cursor["bytes"]

    @property
    def done(self) -> int:
        return int(self.cursor.get("rows", 0)) + sum(self.cursor.get("left_out", {}).values())

    def step(self) -> None:
        """Write some more lines, so that they outlast the machine."""
        if not self.cursor:
            self.begin()
        with self.resumed() as file:
            read = self.write(file)
            file.flush()
            os.fsync(file.fileno())
        self.cursor["is_written"] = read < CHUNK

    def resumed(self) -> BinaryIO:
        """The lines, cut back to what the cursor vouches for; when they are not all there, none, from the first row."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        if self.path.stat().st_size < self.cursor["bytes"]:
            self.begin()
        os.truncate(self.path, self.cursor["bytes"])
        return self.path.open("ab", buffering=1024 * 1024)

    def write(self, file: BinaryIO) -> int:
        """The next lines, and in the cursor what they come to; how many frozen rows were read for them."""
        cursor, read, tallied = self.cursor, 0, getattr(self.maker, "TALLIED", "")
        columns = self.columns
        line = formats.line_of(self.format, columns)
        if not cursor["bytes"]:
            cursor["bytes"] += file.write(formats.head(self.format, columns))
        check = self.check()
        for position, row in self.rows(cursor["after"], check):
            read, last = read + 1, position
            if isinstance(row, str):
                count(cursor["left_out"], row)
                continue
            cursor["bytes"] += file.write(line(row))
            cursor["rows"] += 1
            if tallied:
                count(cursor["tally"], json.dumps(row[tallied]))
        if self.is_checked:
            check.verify()
        if read:
            cursor["after"] = last
        return read

    def check(self) -> sealed.Check:
        return sealed.Check(self.version, self.split, self.is_sealed)

    def rows(self, after: int, check: sealed.Check) -> Iterator[tuple[int, Record | str]]:
        """Position and record of the next frozen rows; in place of a record, why a row is left out of this file."""
        facts = self.cursor["facts"]
        for position, frozen in self.maker.read(self.version, self.split, after, CHUNK, facts):
            check.see(frozen)
            yield position, self.maker.record(frozen, facts)

    def expected(self) -> int | None:
        """How many rows there will be, where the version knows."""
        if self.shape == Export.Shape.VOTES:
            return int(self.version.counts["comparisons"])
        if "leading" in self.cursor["facts"]:  # a shape whose rows are made of pairs
            sizes = {**self.version.statistics["by_split"]}
            if self.is_sealed:
                sizes.pop(Split.TEST, None)
            return int(sizes.get(self.split, 0) if self.split else sum(sizes.values()))
        return None

    def about(self) -> dict[str, Any]:
        """What the manifest says of the rows: those left out by reason, and labels counted."""
        told: dict[str, Any] = {"left_out": dict(sorted(self.cursor.get("left_out", {}).items()))}
        if hasattr(self.maker, "TALLIED"):
            told[self.maker.TALLIED] = dict(sorted(self.cursor["tally"].items()))
        return told
