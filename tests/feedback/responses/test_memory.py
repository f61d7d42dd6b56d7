"""An upload of any size goes through memory that does not grow with it."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from django.test import Client

from feedback.accounts.models import Project
from feedback.responses.models import Response
from tests import make

MEGABYTE = 1_000_000
TEXT = "All work and no play. " * 4500  # about 100 kB


class Upload(io.RawIOBase):
    """A request body that is made while it is read."""

    def __init__(self, first: int, rows: int) -> None:
        self.lines = self.made(first, rows)
        self.size = sum(len(line) for line in self.made(first, rows))
        self.left = b""

    def made(self, first: int, rows: int) -> Iterator[bytes]:
        for number in range(first, first + rows):
            row = {"external_id": f"{number:06}", "prompt": "Write.", "output": TEXT}
            yield json.dumps(row).encode() + b"\n"

    def read(self, size: int = -1) -> bytes:
        while len(self.left) < size and (line := next(self.lines, None)):
            self.left += line
        block, self.left = self.left[:size], self.left[size:]
        return block


def peak_of(client: Client, upload: Upload) -> int:
    tracemalloc.start()
    answer = client.request(
        REQUEST_METHOD="POST", PATH_INFO="/api/v1/responses/", CONTENT_TYPE="application/x-ndjson",
        CONTENT_LENGTH=str(upload.size), **{"wsgi.input": upload},
    )  # fmt: skip
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.json()["refused_total"] == 0
    return peak


@pytest.mark.slow
def test_two_hundred_megabytes_take_no_more_memory_than_twenty(project: Project) -> None:
    client = Client(headers={"Authorization": f"Bearer {make.api_key(project, 'ingest')}"})
    small, large = Upload(0, 200), Upload(1000, 2100)
    assert large.size > 200 * MEGABYTE
    expected = peak_of(client, small)
    assert peak_of(client, large) < expected + 8 * MEGABYTE < 96 * MEGABYTE
    assert Response.objects.count() == 2300
