"""Streamed lines: framing, caps, gzip."""

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.canonical import CanonicalError, Line, iter_ndjson


class Dripping(io.BytesIO):
    """A stream that gives a few bytes at a time, as networks do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7, size or 7))


class Endless:
    """A gzip stream of zeros that is never in memory as a whole."""

    def __init__(self, blocks: int) -> None:
        self.blocks = self.source(blocks)

    def source(self, blocks: int) -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        for _ in range(blocks):
            yield packer.compress(bytes(1024 * 1024))
        yield packer.flush()

    def read(self, size: int, /) -> bytes:
        return next((block for block in self.blocks if block), b"")


def lines(data: bytes, *, packed: bool = False, line: int = 1000, total: int = 10**9) -> list[Line]:
    return list(iter_ndjson(Dripping(data), gzip=packed, max_line_bytes=line, max_total_bytes=total))


def test_lines_come_without_their_ends_and_blank_ones_are_counted_but_not_given() -> None:
    found = lines(b'{"a":1}\r\n\n  \n{"b":2}\n{"c":3}')
    assert [(index, data) for index, data, _ in found] == [(0, b'{"a":1}'), (3, b'{"b":2}'), (4, b'{"c":3}')]


def test_nothing_is_no_lines() -> None:
    assert lines(b"") == lines(b"\n\r\n") == []


def test_a_line_that_is_too_long_is_refused_alone() -> None:
    first, second, third = lines(b"a" * 10 + b"\n" + b"b" * 5000 + b"\n" + b"c" * 10 + b"\r\n", line=10)
    assert (first.data, third.data) == (b"a" * 10, b"c" * 10)
    assert second.data is None
    assert second.error is not None
    assert (second.index, second.error.code) == (1, "too-large")


def test_the_last_line_may_be_the_long_one() -> None:
    assert [line.error is None for line in lines(b"a\n" + b"b" * 12, line=11)] == [True, False]


def test_too_many_bytes_stop_the_stream_after_the_lines_before() -> None:
    stream = iter_ndjson(io.BytesIO(b"a\n" * 100_000), gzip=False, max_line_bytes=9, max_total_bytes=150_000)
    taken = [next(stream) for _ in range(65_536)]  # two blocks of 64 kB, two bytes a line
    assert taken[-1] == Line(65_535, b"a", None)
    with pytest.raises(CanonicalError) as caught:
        next(stream)
    assert caught.value.code == "too-large"


@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"")), max_size=20))
def test_gzip_gives_the_same_lines_in_one_member_or_in_many(rows: list[bytes]) -> None:
    plain = b"\n".join(rows)
    members = b"".join(gzip.compress(row + b"\n") for row in rows) or gzip.compress(b"")
    assert lines(gzip.compress(plain), packed=True) == lines(plain) == lines(members, packed=True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(b'{"a":1}\n' * 1000, mtime=0)[:-9], "gzip-truncated"),
        (gzip.compress(b"x", mtime=0)[:5], "gzip-truncated"),
        (b"", "gzip-truncated"),
        (b'{"a":1}\n', "gzip-broken"),
        (gzip.compress(b"x\n", mtime=0) + b"trailing rubbish", "gzip-broken"),
        (zlib.compress(b"x"), "gzip-broken"),
    ],
)
def test_a_broken_gzip_stream_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        lines(data, packed=True)
    assert caught.value.code == code


def test_a_bomb_is_refused_by_its_ratio_long_before_the_total() -> None:
    with pytest.raises(CanonicalError) as caught:
        list(iter_ndjson(Endless(1000), gzip=True, max_line_bytes=1000, max_total_bytes=10**12))
    assert caught.value.code == "gzip-ratio"


def test_memory_does_not_grow_with_the_upload() -> None:
    row = b'{"output":"' + bytes(range(97, 123)) * 40 + b'"}\n'
    packed = gzip.compress(b"".join(row.replace(b"abc", str(i).encode()) for i in range(20_000)))  # 20 MB unpacked
    stream = io.BytesIO(packed)
    tracemalloc.start()
    count = sum(
        line.data is not None for line in iter_ndjson(stream, gzip=True, max_line_bytes=2000, max_total_bytes=10**9)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 2_000_000


def test_one_endless_line_is_not_kept_in_memory() -> None:
    stream = io.BytesIO(b"a" * 20_000_000)
    tracemalloc.start()
    found = list(iter_ndjson(stream, gzip=False, max_line_bytes=1000, max_total_bytes=10**9))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.error is None for line in found] == [False]
    assert peak < 2_000_000
