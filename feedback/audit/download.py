"""The filtered log as a file, row by row: CSV that a spreadsheet opens without running anything, or JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from feedback.audit.models import AuditEvent
from feedback.text.spreadsheet import harmless

FIELDS = (
    "id", "at", "actor", "api_key", "ip", "request_id", "verb", "object_type", "object_id", "before", "after", "facts",
)  # fmt: skip
CHUNK = 2_000


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> str:
    """As text that no spreadsheet takes for a formula."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder)
    text = text.strip('"') if not isinstance(value, str | dict | list) else text
    return harmless(text)


def as_csv(events: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(FIELDS)
    for row in events.values(*FIELDS).iterator(chunk_size=CHUNK):
        yield writer.writerow([cell(row[name]) for name in FIELDS])


def as_jsonl(events: QuerySet[AuditEvent]) -> Iterator[str]:
    for row in events.values(*FIELDS).iterator(chunk_size=CHUNK):
        yield json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"


SHAPES = {"csv": (as_csv, "text/csv; charset=utf-8"), "jsonl": (as_jsonl, "application/x-ndjson")}
