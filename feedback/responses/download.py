"""The download of a filter: CSV of the chosen columns for spreadsheets, JSONL of whole responses for programs.

Rows are read in chunks by key, each a statement of its own: memory and transactions stay small whatever the size. The
newest id is fixed at the start, so that a download ends while more responses come in.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from feedback.responses.api import ResponseDetailSerializer
from feedback.responses.columns import Column, as_text
from feedback.responses.models import Response
from feedback.text.spreadsheet import harmless

FIRST, CHUNK = 50, 500  # the first chunk is small, so that the first bytes are fast
MARK = "\ufeff"  # spreadsheets read a file without it in some local encoding
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def chunks(rows: QuerySet[Response]) -> Iterator[list[Response]]:
    """All rows by ascending id, up to the one that is newest now."""
    newest = rows.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        return
    bounded, last, size = rows.filter(id__lte=newest).order_by("id"), 0, FIRST
    while chunk := list(bounded.filter(id__gt=last)[:size]):
        yield chunk
        last, size = chunk[-1].pk, CHUNK


class Line:
    """What the csv writer writes to: it keeps the one line that was written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def as_csv(rows: QuerySet[Response], columns: Sequence[Column]) -> Iterator[str]:
    line = Line()
    writer = csv.writer(line)
    writer.writerow([column.label for column in columns])
    yield MARK + line.text
    for chunk in chunks(rows.select_related("body", "model", "prompt_version__prompt")):
        lines = []
        for row in chunk:
            writer.writerow([cell(column.value(row)) for column in columns])
            lines.append(line.text)
        yield "".join(lines)


def cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers are numbers."""
    if isinstance(value, str):
        return harmless(value)
    return value if isinstance(value, int | float) else as_text(value)


def as_jsonl(rows: QuerySet[Response]) -> Iterator[str]:
    """One response a line, with the fields of `GET /api/v1/responses/{id}/`."""
    whole = rows.select_related("body", "model", "prompt_version__prompt").prefetch_related("passages", "user_feedback")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=DjangoJSONEncoder().default).encode
    for chunk in chunks(whole):
        yield "".join(encode(row) + "\n" for row in ResponseDetailSerializer(chunk, many=True).data)
