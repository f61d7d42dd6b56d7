"""How rows become bytes: a line each while they are read, and then, in one pass over the lines, the file itself.

Lines can be cut back and added to, which a packed file and Parquet cannot. The pass reads a few thousand lines at a
time, and gives the same bytes from the same lines by the same libraries, whose versions `made_by` tells.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from feedback.datasets.models import Export
from feedback.datasets.shapes.columns import BOOL, FLOAT, INT, TEXT, Columns, Kind, Record, fitted, row_of
from feedback.files import BLOCK
from feedback.jobs import JobRefused
from feedback.text.spreadsheet import harmless

GROUP_ROWS, GROUP_BYTES = 5_000, 16 * 1024 * 1024  # of lines in a row group of Parquet, whichever comes first
GZIP_LEVEL, ZSTD_LEVEL = 6, 3
MARK = "\ufeff".encode()  # spreadsheets read a file without it in some local encoding
Format, Packing = Export.Format, Export.Packing
Meanwhile = Callable[[], None]


class Kept(NamedTuple):
    """What its download is called at the end, and as which type it is sent."""

    extension: str
    kind: str


FORMATS = {
    Format.JSONL: Kept("jsonl", "application/x-ndjson"),
    Format.CSV: Kept("csv", "text/csv; charset=utf-8"),
    Format.CSV_SAFE: Kept("spreadsheet.csv", "text/csv; charset=utf-8"),
    Format.PARQUET: Kept("parquet", "application/vnd.apache.parquet"),
}
PACKINGS = {Packing.GZIP: Kept(".gz", "application/gzip"), Packing.ZSTD: Kept(".zst", "application/zstd")}


def kept(format: str, packing: str) -> Kept:
    plain = FORMATS[Format(format)]
    packed = PACKINGS.get(Packing(packing))
    return Kept(plain.extension + packed.extension, packed.kind) if packed else plain


def is_plain(format: str, packing: str) -> bool:
    """Whether the file is its lines."""
    return format != Format.PARQUET and not packing


def made_by(format: str, packing: str) -> dict[str, str]:
    """What the bytes depend on besides the rows."""
    if packing == Packing.GZIP:
        return {"zlib": zlib.ZLIB_RUNTIME_VERSION}
    if packing == Packing.ZSTD:
        import zstandard

        return {"zstandard": zstandard.__version__, "zstd": ".".join(map(str, zstandard.ZSTD_VERSION))}
    if format == Format.PARQUET:
        import pyarrow

        return {"pyarrow": pyarrow.__version__}
    return {}


# -- lines

ESCAPED = {"\u2028".encode(): rb"\u2028", "\u2029".encode(): rb"\u2029", "\x85".encode(): rb"\u0085"}


def json_line(row: Record) -> bytes:
    """One line of JSON; characters that some readers take for the end of a line are escaped."""
    data = msgspec.json.encode(row)
    if not data.isascii():
        for character, escape in ESCAPED.items():
            data = data.replace(character, escape)
    return data + b"\n"


def line_of(format: str, columns: Columns | None) -> Callable[[Record], bytes]:
    """What makes a line of a record. Lines of Parquet are JSON too, of its columns only."""
    if format == Format.JSONL or columns is None:
        return json_line
    if format == Format.PARQUET:
        fit = fitted(columns)
        return lambda row: json_line(fit(row))
    cells = [cell_of(kind, harmless if format == Format.CSV_SAFE else str) for kind in columns.values()]

    def line(row: Record) -> bytes:
        values = [msgspec.json.decode(v) if isinstance(v, msgspec.Raw) else v for v in row_of(row, columns).values()]
        return (",".join([cell(value) for cell, value in zip(cells, values, strict=True)]) + "\r\n").encode()

    return line


def head(format: str, columns: Columns | None) -> bytes:
    """What stands before the first line."""
    if columns is None or format not in {Format.CSV, Format.CSV_SAFE}:
        return b""
    names = ",".join(quoted(name) for name in columns) + "\r\n"
    return (MARK if format == Format.CSV_SAFE else b"") + names.encode()


def cell_of(kind: Kind, safe: Callable[[str], str]) -> Callable[[Any], str]:
    """A cell of CSV: texts in quotes, numbers bare, nothing where there is no value, lists and objects as JSON."""
    if kind in (INT, FLOAT, BOOL):
        return lambda value: "" if value is None else msgspec.json.encode(value).decode()
    if kind == TEXT:
        return lambda value: "" if value is None else quoted(safe(value))
    return lambda value: "" if value is None else quoted(safe(json_text(value)))


def json_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


# -- the pass over the lines


def turn(
    lines: Iterable[bytes], sink: Any, *, format: str, packing: str, columns: Columns | None, meanwhile: Meanwhile
) -> None:
    """Write the file that these lines are. `sink` needs no more than `write`, and stays open."""
    if format == Format.PARQUET:
        assert columns is not None
        to_parquet(lines, sink, columns, meanwhile)
    elif packing == Packing.GZIP:
        with gzip.GzipFile("", "wb", GZIP_LEVEL, sink, mtime=0) as packer:
            pour(lines, packer, meanwhile)
    elif packing == Packing.ZSTD:
        import zstandard

        compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(sink, closefd=False) as packer:
            pour(lines, packer, meanwhile)
    else:
        pour(lines, sink, meanwhile)


def pour(lines: Iterable[bytes], sink: Any, meanwhile: Meanwhile) -> None:
    for block in blocks(lines):
        sink.write(block)
        meanwhile()


def blocks(lines: Iterable[bytes], rows: int = 1000, size: int = BLOCK) -> Iterator[bytes]:
    """Some lines together: so many, or fewer when they are long."""
    held: list[bytes] = []
    length = 0
    for line in lines:
        held.append(line)
        length += len(line)
        if len(held) == rows or length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


def to_parquet(lines: Iterable[bytes], sink: Any, columns: Columns, meanwhile: Meanwhile) -> None:
    """A row group at a time, by a schema that does not depend on the rows: they are held to it."""
    import pyarrow
    from pyarrow import json as arrow_json
    from pyarrow import parquet

    schema = schema_of(columns)
    options = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    where = pyarrow.PythonFile(sink, mode="w")
    with parquet.ParquetWriter(where, schema, version="2.6", compression="zstd", compression_level=ZSTD_LEVEL) as out:
        for block in blocks(lines, GROUP_ROWS, GROUP_BYTES):
            reading = arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1)
            try:
                table = arrow_json.read_json(pyarrow.BufferReader(block), reading, options)
            except pyarrow.ArrowInvalid:
                raise JobRefused("A row does not fit the columns of a Parquet file. Take JSONL.") from None
            out.write_table(table.select(schema.names).cast(schema), row_group_size=len(table))
            meanwhile()


def schema_of(columns: Columns) -> Any:
    """The Arrow schema of these columns."""
    import pyarrow

    plain = {INT: pyarrow.int64(), FLOAT: pyarrow.float64(), BOOL: pyarrow.bool_()}

    def type_of(kind: Kind) -> Any:
        if isinstance(kind, list):
            return pyarrow.list_(type_of(kind[0]))
        if isinstance(kind, dict):
            return pyarrow.struct([(name, type_of(inner)) for name, inner in kind.items()])
        return plain.get(kind, pyarrow.string())

    return pyarrow.schema([(name, type_of(kind)) for name, kind in columns.items()])


# -- reading back


def rows_sha256(file: Any, format: str, packing: str) -> str:
    """Of what a file holds, whichever library packed it; closes the file."""
    digest = hashlib.sha256()
    with file:
        for part in parts_of(file, format, packing):
            digest.update(part)
    return digest.hexdigest()


def parts_of(file: Any, format: str, packing: str) -> Iterator[bytes]:
    if format == Format.PARQUET:
        from pyarrow import parquet

        for batch in parquet.ParquetFile(file).iter_batches(batch_size=1000):
            yield from (json.dumps(row).encode() for row in batch.to_pylist())
        return
    opened = unpacked(file, packing)
    while block := opened.read(BLOCK):
        yield block


def unpacked(file: Any, packing: str) -> Any:
    if packing == Packing.GZIP:
        return gzip.GzipFile(fileobj=file)
    if packing == Packing.ZSTD:
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return file
