"""Lines of a streamed upload, plain or gzip, in memory that does not grow with it."""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from feedback.text.refusal import CanonicalError

BLOCK = 64 * 1024
# Deflate reaches 1000 : 1 only on padding; real rows compress 5 to 50 times. Small uploads may be as odd as they like.
MAX_RATIO = 200
RATIO_FREE_BYTES = 4 * 1024 * 1024
_GZIP = 31  # zlib's window bits for "gzip header and trailer"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Line(NamedTuple):
    """One line that is not blank: its 0-based number in the upload, and its bytes or why it was refused."""

    index: int  # type: ignore[assignment]  # hides tuple.index
    data: bytes | None
    error: CanonicalError | None


def iter_ndjson(stream: Readable, *, gzip: bool, max_line_bytes: int, max_total_bytes: int) -> Iterator[Line]:
    """Lines without their end (LF or CRLF). A line that is too long is refused alone; the rest still comes.

    `max_total_bytes` counts unpacked bytes. A broken or exploding gzip stream, or too many bytes, raises
    `CanonicalError` after the complete lines before it: rows already taken stay taken.
    """
    return _lines(unpacked(stream, gzip=gzip, max_total_bytes=max_total_bytes), max_line_bytes)


def unpacked(stream: Readable, *, gzip: bool, max_total_bytes: int) -> Iterator[bytes]:
    """The bytes themselves, block by block, under the same limits."""
    return _capped(_unpacked(stream) if gzip else _plain(stream), max_total_bytes)


def _lines(blocks: Iterable[bytes], max_line_bytes: int) -> Iterator[Line]:
    index = 0
    kept: list[bytes] = []  # the beginning of a line whose end has not come yet
    size = 0
    for block in blocks:
        first, *others = block.split(b"\n")
        size += len(first)
        if size <= max_line_bytes + 1:  # one more for a carriage return
            kept.append(first)
        for piece in others:
            yield from _line(index, kept, size, max_line_bytes)
            index += 1
            kept, size = [piece] if len(piece) <= max_line_bytes + 1 else [], len(piece)
    yield from _line(index, kept, size, max_line_bytes)


def _line(index: int, kept: list[bytes], size: int, max_line_bytes: int) -> Iterator[Line]:
    # `size` counts every byte of the line; `kept` stops growing once the line is hopeless.
    data = b"".join(kept).removesuffix(b"\r") if size <= max_line_bytes + 1 else b""
    if size > max_line_bytes + 1 or len(data) > max_line_bytes:
        yield Line(index, None, CanonicalError("too-large", "", f"The line is longer than {max_line_bytes} bytes."))
    elif data.strip():
        yield Line(index, data, None)


def _plain(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _unpacked(stream: Readable) -> Iterator[bytes]:
    """Incremental gunzip, several members allowed, at most `BLOCK` bytes at a time whatever the ratio."""
    packed = unpacked = 0
    member = zlib.decompressobj(_GZIP)
    fresh = True  # nothing of this member has been read: a stream may end here
    for block in _plain(stream):
        packed += len(block)
        while block:
            fresh = False
            data, block = _inflate(member, block)
            unpacked += len(data)
            if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed:
                raise CanonicalError("gzip-ratio", "", f"The gzip stream grows more than {MAX_RATIO} times.")
            yield data
            if member.eof:
                block = member.unused_data
                member, fresh = zlib.decompressobj(_GZIP), True
    if not fresh:
        raise CanonicalError("gzip-truncated", "", "The gzip stream ends in the middle.")
    if not packed:
        raise CanonicalError("gzip-truncated", "", "The gzip stream is empty.")


def _inflate(member: "zlib._Decompress", block: bytes) -> tuple[bytes, bytes]:
    try:
        return member.decompress(block, BLOCK), member.unconsumed_tail
    except zlib.error:
        raise CanonicalError("gzip-broken", "", "Not a valid gzip stream.") from None


def _capped(blocks: Iterable[bytes], max_total_bytes: int) -> Iterator[bytes]:
    total = 0
    for block in blocks:
        total += len(block)
        if total > max_total_bytes:
            raise CanonicalError("too-large", "", f"The upload is larger than {max_total_bytes} bytes.")
        yield block
