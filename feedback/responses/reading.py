"""Rows from bytes: NDJSON, a JSON array, CSV. Each row is judged alone, so that a bad one loses no other."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TextIO

from django.conf import settings

from feedback.responses.ingest import Incoming, checked
from feedback.responses.rows import Row
from feedback.text.canonical import CanonicalError, iter_ndjson, parse_json
from feedback.text.ndjson import Readable

WHOLE = 16 * 1024 * 1024  # a JSON body is held in memory; NDJSON is not
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_JSON_COLUMNS = frozenset({"messages", "tools", "variables", "parameters", "metadata", "passages", "feedback", "usage",
                           "prompt_version", "prompt_version.parameters"})  # fmt: skip


class WholeStream:
    """A request's body that must have the length it promised: a cut connection is no end of file."""

    def __init__(self, stream: Readable, length: int | None) -> None:
        self.stream, self.left = stream, length

    def read(self, size: int, /) -> bytes:
        try:
            block = self.stream.read(size)
        except OSError as error:
            raise CanonicalError("cut", "", "The connection ended before the body did.") from error
        if self.left is not None:
            self.left -= len(block)
            if not block and self.left > 0:
                raise CanonicalError("cut", "", "The connection ended before the body did.")
        return block


def from_ndjson(stream: Readable, *, gzip: bool, max_bytes: int) -> Iterator[Incoming]:
    """One row per line; its index is the line's, counting from 0."""
    limit = settings.INGEST_MAX_ROW_BYTES
    for line in iter_ndjson(stream, gzip=gzip, max_line_bytes=limit, max_total_bytes=max_bytes):
        yield Incoming(line.index, None, line.error) if line.data is None else from_json(line.index, line.data)


def from_json(index: int, data: bytes) -> Incoming:
    try:
        return Incoming(index, parse_json(data, max_bytes=settings.INGEST_MAX_ROW_BYTES), None, len(data))
    except CanonicalError as error:
        return Incoming(index, None, error, len(data))


def whole(stream: Readable, *, gzip: bool) -> bytes:
    """A whole JSON body of at most `WHOLE` bytes, unpacked."""
    # White space between lines is all that this loses, and JSON strings hold no line ends.
    lines = iter_ndjson(stream, gzip=gzip, max_line_bytes=WHOLE, max_total_bytes=WHOLE)
    pieces = []
    for line in lines:
        if line.error:
            raise line.error
        pieces.append(line.data or b"")
    return b"\n".join(pieces)


def from_array(data: bytes) -> Iterator[Incoming]:
    """The rows of a JSON array, each parsed alone. CanonicalError when the array itself has no end or no beginning."""
    start, depth, index = data.index(b"[") + 1, 0, 0
    end = None
    for token in _TOKEN.finditer(data):
        sign = data[token.start()]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
            if depth == 0:
                end = token.start()
                break
        elif sign == 0x2C and depth == 1:
            yield from_json(index, data[start : token.start()])
            start, index = token.end(), index + 1
    if end is None or data[end] != 0x5D or data[end + 1 :].strip():
        raise CanonicalError("malformed", "", "The JSON array does not end where the body ends.")
    if index or data[start:end].strip():
        yield from_json(index, data[start:end])


def from_csv(file: TextIO, names: Mapping[str, str]) -> Iterator[Incoming]:
    """Rows of a CSV file opened with `encoding="utf-8-sig", errors="surrogateescape", newline=""`.

    `names` maps fields to the file's columns. Dotted columns are nested fields; fields of objects and lists are JSON
    cells, tags may also be separated by commas; an empty cell is an absent field. An index is the number of the line
    on which the row ends, less one. CanonicalError when the file is no CSV.
    """
    csv.field_size_limit(settings.INGEST_MAX_ROW_BYTES)
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        columns = _columns(header, names)
        for cells in reader:
            if cells:
                yield _csv_row(reader.line_num - 1, header, columns, cells)
    except csv.Error as error:
        raise CanonicalError("malformed", "", f"Line {reader.line_num} cannot be read as CSV: {error}.") from error


def _columns(header: list[str], names: Mapping[str, str]) -> list[str]:
    """The field of each column. A mapped column carries only the names it was given."""
    missing = sorted(set(names.values()) - set(header))
    if missing:
        raise CanonicalError("malformed", "", f"The file has no column {missing[0]!r}; it has {', '.join(header)}.")
    fields_of = {column: field for field, column in names.items()}
    columns = [fields_of.get(name, name) for name in header]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice or not columns:
        raise CanonicalError("malformed", "", f"Two columns are named {twice[0]!r}." if twice else "The file is empty.")
    stray = next((name for name in columns if name.split(".")[0] not in Row.__struct_fields__), None)
    if stray is not None:
        hint = f"map it to one, for example metadata.{stray[:40]}={stray[:40]}"
        if stray == "id":
            hint = "the id that your application gives a response is external_id"
        raise CanonicalError("unknown-key", "", f"The column {stray[:100]!r} is no field; {hint}.")
    return columns


def _csv_row(index: int, header: list[str], columns: list[str], cells: list[str]) -> Incoming:
    if len(cells) > len(columns):
        return Incoming(index, None, CanonicalError("malformed", "", "The line has more cells than the header."))
    row: dict[str, Any] = {}
    try:
        for name, cell in zip(columns, cells, strict=False):
            if cell:
                _place(row, name, _cell(name, cell))
    except CanonicalError as error:
        return Incoming(index, None, error)
    return replace(_bytes_told(checked(index, row)), size=sum(map(len, cells)))


def _cell(name: str, cell: str) -> Any:
    is_json = name in _JSON_COLUMNS or (name == "tags" and cell.startswith("["))
    if name == "tags" and not is_json:
        return [tag.strip() for tag in cell.split(",") if tag.strip()]
    if not is_json:
        return cell
    try:
        return parse_json(cell.encode("utf-8", "surrogateescape"), max_bytes=settings.INGEST_MAX_ROW_BYTES)
    except CanonicalError as error:
        raise CanonicalError(error.code, f"/{name.replace('.', '/')}{error.pointer}", error.message) from None


def _place(row: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    for part in outer:
        row = row.setdefault(part, {})
        if not isinstance(row, dict):
            raise CanonicalError(
                "malformed", f"/{part}", "A column of this field and columns of its parts exclude each other."
            )
    row[last] = value


def _bytes_told(row: Incoming) -> Incoming:
    """A file's bytes that are no UTF-8 came in as lone surrogates; say what they are, as for JSON."""
    if row.error and row.error.code == "surrogate":
        return Incoming(row.index, None, CanonicalError("utf8", row.error.pointer, "Not valid UTF-8."))
    return row
