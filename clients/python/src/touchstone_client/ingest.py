"""Rows to the server: packed streams of lines, a batch at a time, each under a key of its own."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from touchstone_client.calls import Calls
from touchstone_client.rows import Refusal

BATCH_ROWS = 1_000
BATCH_BYTES = 4 * 1024 * 1024  # unpacked


@dataclass
class Ingested:
    """What became of the rows that were sent so far. The server lists the first 10,000 refusals of a batch."""

    accepted: int = 0
    repeated: int = 0
    filled: int = 0
    refused_total: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.accepted + self.repeated + self.filled + self.refused_total

    def add(self, answer: Mapping[str, Any], before: int) -> None:
        """One batch's answer; `before` rows were sent in earlier ones."""
        self.accepted += answer["accepted"]
        self.repeated += answer["repeated"]
        self.filled += answer["filled"]
        self.refused_total += answer["refused_total"]
        for refusal in answer["refused"]:
            refusal["index"] += before
            self.refused.append(refusal)


def ingest(calls: Calls, rows: Iterable[Mapping[str, Any]], *, batch_rows: int, batch_bytes: int) -> Iterator[Ingested]:
    """The sum so far after each batch. A batch that is sent again is counted once: same key, same answer."""
    done, sent = Ingested(), 0
    for lines in batches(rows, batch_rows, batch_bytes):
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        body = gzip.compress(b"\n".join(lines), compresslevel=6, mtime=0)
        done.add(calls.json("POST", "responses/", content=body, headers=headers), sent)
        sent += len(lines)
        yield done


def batches(rows: Iterable[Mapping[str, Any]], most: int, most_bytes: int) -> Iterator[list[bytes]]:
    lines: list[bytes] = []
    size = 0
    for row in rows:
        line = line_of(row)
        if lines and (len(lines) == most or size + len(line) > most_bytes):
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield lines


def line_of(row: Mapping[str, Any]) -> bytes:
    """Half of a surrogate pair is no UTF-8: written as an escape, so that the server refuses that row alone."""
    try:
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(row, separators=(",", ":")).encode()
