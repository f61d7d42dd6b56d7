"""Building a version from settled comparisons, and its file: written by the job, downloaded through gunicorn.

    DATABASE_URL=postgres://… python bench/export.py [--built 20000] [--pairs 10000 1000000]

Beside the build: COPY of the rows that it froze into the same tables. Beside the file: COPY of the same pairs out of
the database as JSON, the floor of reading them. Peaks of memory are of the process that did the work; MB are 1,000,000
bytes.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}

import django  # noqa: E402

django.setup()

from django.core.files.storage import default_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.measured import judged  # noqa: E402
from bench.measured.process import Web, backend, forget_peak, memory, processor_seconds  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from feedback import jobs  # noqa: E402
from feedback.accounts.models import ApiKey  # noqa: E402
from feedback.datasets import exports, formats  # noqa: E402
from feedback.datasets.models import DatasetVersion, Export, PreferencePair, VersionRow  # noqa: E402
from feedback.datasets.writing import Piece  # noqa: E402

AS_JSON = (
    "COPY (SELECT row_to_json(p) FROM datasets_preferencepair p WHERE version_id = {} ORDER BY position) TO STDOUT"
)
Taken = tuple[float, float, float]  # seconds by the clock, of our processor, of the database's


def timed(work: Any) -> Taken:
    pid = backend()
    before = time.perf_counter(), time.process_time(), processor_seconds([pid])
    work()
    after = time.perf_counter(), time.process_time(), processor_seconds([pid])
    clock, ours, theirs = (end - begin for begin, end in zip(before, after, strict=True))
    return clock, ours, theirs


def build(n: int) -> list[Line]:
    """The job of a version, and raw COPY of all that it froze."""
    world = judged.settled(n)
    version = world.dataset.build()
    forget_peak(os.getpid())
    before = memory(os.getpid())
    clock, ours, theirs = timed(lambda: jobs.run(DatasetVersion, version.pk))
    grown = memory(os.getpid(), peak=True) - before
    version.refresh_from_db()
    assert version.counts["pairs"] == n, (version.state, version.error, version.counts)
    floor, _, _ = timed(lambda: copied(version))
    beside = f"COPY of the frozen rows into the same tables, {n / floor:,.0f} /s"
    processor = f"{1e6 * ours / n:.0f} + {1e6 * theirs / n:.0f} µs of processor each (ours + database)"
    return [
        Line(f"build a version of {n:,} pairs", f"{n / clock:,.0f} pairs/s; {processor}", beside, floor / clock),
        Line(f"memory that the build of {n:,} pairs adds", f"{grown:.0f} MB"),
    ]


def copied(version: DatasetVersion) -> None:
    """Its rows once more, under another version, in blocks as a build commits them."""
    other = DatasetVersion.objects.create(
        project_id=version.project_id, dataset_id=version.dataset_id, number=version.number + 1, rule=version.rule
    )
    for model in (PreferencePair, VersionRow):
        names = ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields if not f.primary_key)
        table, data = model._meta.db_table, []
        taken = names.replace('"version_id"', str(other.pk))
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY (SELECT {taken} FROM {table} WHERE version_id = {version.pk}) TO STDOUT") as out:
                data = list(out)
            for start in range(0, len(data), 200):
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as into:
                    into.write(b"".join(data[start : start + 200]))


FORMATS = [("jsonl", ""), ("jsonl", "gzip"), ("jsonl", "zstd"), ("parquet", ""), ("csv", "")]


def files(n: int, web: Web) -> list[Line]:
    """Files of n pairs: written by the job, compared with COPY; the first one fetched, too."""
    version = judged.frozen(n)
    key = ApiKey.issue(version.project, "bench", ["datasets:read"])[1]
    floor, _, _ = timed(lambda: drained(AS_JSON.format(version.pk)))
    lines: list[Line] = []
    plain = 0.0  # MB of JSONL: what the pace of every format is told in
    for format, packing in FORMATS:
        export, grown, (clock, ours, theirs) = written(version, n, format, packing)
        mb = export.n_bytes / 1e6
        is_plain, plain = not plain, plain or mb
        name = f"{format.upper()}{f' packed by {packing}' if packing else ''}"
        lines += [
            Line(
                f"write {n:,} pairs, {mb:,.0f} MB of {name}",
                f"{plain / clock:.1f} MB/s of JSONL; {plain / (ours + theirs):.1f} MB for each second of processor "
                "(ours + database)",
                f"COPY … row_to_json to nowhere, {plain / floor:.1f} MB/s",
                floor / clock,
                "≥ 50 MB/s" if is_plain else "",
            ),
            Line(f"memory that writing {n:,} pairs as {name} adds", f"{grown:.0f} MB", aim="± 64 MB at any size"),
        ]
        if is_plain:
            lines += fetched(export, key, web, mb)
        default_storage.delete(export.file)
    judged.forget(version)
    return lines


def written(version: DatasetVersion, n: int, format: str, packing: str) -> tuple[Export, float, Taken]:
    """The export, how much memory writing it took beyond what was there, and the time."""
    warm(version, format, packing)
    export = exports.request(version, "preference", format=format, packing=packing)
    forget_peak(os.getpid())
    before = memory(os.getpid())
    taken = timed(lambda: jobs.run(Export, export.pk))
    grown = memory(os.getpid(), peak=True) - before
    export.refresh_from_db()
    assert export.n_rows == n, (export.state, export.error)
    return export, grown, taken


def warm(version: DatasetVersion, format: str, packing: str) -> None:
    """Modules and plans that any first file loads."""
    piece = Piece(version, "preference", "", format, Path(), {}, is_sealed=True)
    piece.begin()
    line = formats.line_of(format, piece.columns)
    lines = [line(row) for _, row in piece.rows(-1, piece.check()) if not isinstance(row, str)]
    how: Any = {"format": format, "packing": packing, "columns": piece.columns}
    formats.turn(lines, BytesIO(), meanwhile=lambda: None, **how)


def drained(sql: str) -> None:
    with connection.cursor() as cursor, cursor.copy(sql) as out:
        for _ in out:
            pass


def fetched(export: Export, key: str, web: Web, mb: float) -> list[Line]:
    """The download: first byte, pace, peak of the web processes, and the rest after a break."""
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/api/v1/exports/{export.pk}/download/"
    get(web, "/api/v1/datasets/", headers)
    for pid in web.pids:
        forget_peak(pid)
    before = max(memory(pid) for pid in web.pids)
    first, clock, size = get(web, path, headers)
    assert size == export.n_bytes, size
    grown = max(memory(pid, peak=True) for pid in web.pids) - before
    begun = time.perf_counter()
    with default_storage.open(export.file) as file:
        while file.read(1024 * 1024):
            pass
    read = time.perf_counter() - begun
    half, _, rest = get(web, path, {**headers, "Range": f"bytes={size // 2}-"})
    assert rest == size - size // 2, rest
    beside = f"reading the file, {mb / read:,.0f} MB/s"
    return [
        Line(f"download of {mb:,.0f} MB", f"{mb / clock:,.0f} MB/s", beside, read / clock),
        Line(f"first byte of {mb:,.0f} MB, and of its second half by Range",
             f"{1000 * first:.0f} ms, {1000 * half:.0f} ms", aim="< 1 s"),
        Line(f"memory that the download of {mb:,.0f} MB adds to a web process", f"{grown:.0f} MB", aim="± 64 MB"),
    ]  # fmt: skip


def get(web: Web, path: str, headers: dict[str, str]) -> tuple[float, float, int]:
    """Seconds to the first byte of the body and to the last, and how many there were."""
    client = http.client.HTTPConnection("127.0.0.1", web.port, timeout=120)
    begun = time.perf_counter()
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    assert answer.status in (200, 206), answer.read()[:300]
    buffer, size = memoryview(bytearray(1024 * 1024)), len(answer.read(1))
    first = time.perf_counter() - begun
    while count := answer.readinto(buffer):
        size += count
    client.close()
    return first, time.perf_counter() - begun, size


def main() -> None:
    options = asked(__doc__, built=Size(20_000, 200), pairs=Size([10_000, 1_000_000], [300, 2_000]))
    call_command("migrate", verbosity=0)
    lines = build(options.built)
    with Web() as web:
        for n in options.pairs:
            lines += files(n, web)
    add("export", "Datasets and their files", lines)


if __name__ == "__main__":
    main()
