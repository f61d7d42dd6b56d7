"""Rows from a file that a person brings: what is in it is told by how it begins, not by its name."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import IO, Any

from django.conf import settings

from feedback.responses.ingest import Incoming
from feedback.responses.reading import from_array, from_csv, from_json, from_ndjson, whole
from feedback.responses.rows import Row
from feedback.text.canonical import CanonicalError
from feedback.text.ndjson import unpacked

PACKED = b"\x1f\x8b"
MARK = b"\xef\xbb\xbf"  # some programs begin UTF-8 with it
CSV_BYTES = 64 * 1024 * 1024  # unpacked; a line of CSV has no length limit of its own


class Form(StrEnum):
    ARRAY = "array"
    OBJECT = "object"
    LINES = "lines"
    CSV = "csv"


def is_packed(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(2) == PACKED


def form_of(file: IO[bytes]) -> Form:
    """By the first sign that is no space: `[`, `{`, or anything else. One object may be spread over several lines."""
    packed = is_packed(file)
    file.seek(0)
    blocks = unpacked(file, gzip=packed, max_total_bytes=settings.INGEST_MAX_BYTES)
    head = next(blocks, b"").removeprefix(MARK).lstrip()
    if head[:1] == b"[":
        return Form.ARRAY
    if head[:1] != b"{":
        return Form.CSV
    first, _, others = head.partition(b"\n")
    return Form.OBJECT if others.strip() and not first.rstrip().endswith(b"}") else Form.LINES


def opened(file: IO[bytes]) -> IO[bytes]:
    """At its first byte that counts."""
    file.seek(0)
    if file.read(len(MARK)) != MARK:
        file.seek(0)
    return file


def from_file(file: IO[bytes], form: Form, *, columns: Mapping[str, str]) -> Iterator[Incoming]:
    """Its rows. CanonicalError when it cannot be read, or breaks off after the rows before."""
    if form == Form.CSV:
        return from_csv(text_of(file), columns)
    packed = is_packed(file)
    opened(file)
    if form == Form.LINES:
        return from_ndjson(file, gzip=packed, max_bytes=settings.INGEST_MAX_BYTES)
    data = whole(file, gzip=packed).strip()
    return from_array(data) if form == Form.ARRAY else iter([from_json(0, data)])


def odd_columns(file: IO[bytes]) -> list[str]:
    """The columns of a CSV file that are no field; none when its first line cannot be read."""
    with contextlib.suppress(CanonicalError, csv.Error):
        header = next(csv.reader(text_of(file)), [])
        return [name for name in header if name.isprintable() and name.split(".")[0] not in Row.__struct_fields__]
    return []


def text_of(file: IO[bytes]) -> io.TextIOWrapper:
    packed = is_packed(file)
    file.seek(0)
    blocks = io.BufferedReader(Blocks(unpacked(file, gzip=packed, max_total_bytes=CSV_BYTES)))
    return io.TextIOWrapper(blocks, encoding="utf-8-sig", errors="surrogateescape", newline="")


class Blocks(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.left = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.left:
            block = next(self.blocks, None)
            if block is None:
                return 0
            self.left = block
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size
