"""One assessment as it is sent: its fields and their limits."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from feedback.responses.rows import Named, RowRefused, Text120, explained
from feedback.text.hashes import digest
from feedback.text.spans import SpanError, check_span

HINTS = {"": "it is response, critic, score, label, spans and reason"}
MAX_SPANS = 500

Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class CriticPart(Struct, forbid_unknown_fields=True, kw_only=True):
    slug: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
    version: Named | int
    name: Text120 | None = None
    model: Text120 | None = None
    criteria: Annotated[str, Meta(max_length=20_000)] | None = None


class SpanPart(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    start: Offset  # in code points of the stored output, half open
    end: Offset
    quote: Annotated[str, Meta(min_length=1)]
    kind: Annotated[str, Meta(min_length=1, max_length=60)]
    severity: Annotated[str, Meta(max_length=20)] = ""
    note: Annotated[str, Meta(max_length=2_000)] = ""


class Row(Struct, forbid_unknown_fields=True, kw_only=True):
    response: Annotated[str, Meta(min_length=1, max_length=200)]  # its external id
    critic: CriticPart
    score: Annotated[float, Meta(ge=0, le=1)] | None = None
    label: Annotated[str, Meta(max_length=60)] = ""
    spans: Annotated[list[SpanPart], Meta(max_length=MAX_SPANS)] | None = None
    reason: Annotated[str, Meta(max_length=10_000)] = ""

    @property
    def judgement(self) -> dict[str, Any]:
        """What is stored of it."""
        spans = [msgspec.to_builtins(span) for span in self.spans or ()]
        return {"score": self.score, "label": self.label, "spans": spans, "reason": self.reason}

    @property
    def body_hash(self) -> str:
        return digest(self.judgement)


def read(value: Any) -> Row:
    """An assessment from a canonical JSON value, or `RowRefused`."""
    try:
        row = msgspec.convert(value, Row)
    except msgspec.ValidationError as error:
        raise explained(str(error), HINTS) from None
    if row.score is None and not row.label and row.spans is None:
        raise RowRefused("invalid", "/score", "An assessment has a score, a label or spans; an empty list says: none.")
    return row


def check_spans(row: Row, text: str) -> None:
    """As reviewers' marks are checked: the quote is exactly what stands there, and nothing is moved or guessed."""
    for index, span in enumerate(row.spans or ()):
        try:
            check_span(text, span.start, span.end, span.quote)
        except SpanError as error:
            field = "quote" if error.code == "quote-mismatch" else "start"
            raise RowRefused("invalid", f"/spans/{index}/{field}", error.message) from None
