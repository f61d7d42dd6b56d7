"""Spans: half-open ranges [start, end) of Unicode code points in canonical text."""

from collections.abc import Iterable
from typing import TypeVar

Id = TypeVar("Id")

CONTEXT = 32  # code points kept on each side of a quote


class SpanError(ValueError):
    """Why a span does not fit its text: a stable code and a sentence. Spans are never guessed or moved."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


def check_span(text: str, start: int, end: int, quote: str) -> None:
    """Refuse unless 0 <= start < end <= len(text) and the quote is exactly what stands there."""
    for offset in (start, end):
        if isinstance(offset, bool) or not isinstance(offset, int):
            raise SpanError("offset-type", "Offsets are whole numbers of Unicode code points.")
    if start < 0:
        raise SpanError("before-start", "A span cannot start before the text.")
    if start >= end:
        raise SpanError("empty", "A span must end after it starts.")
    if end > len(text):
        raise SpanError("after-end", f"The span ends at {end}; the text has {len(text)} code points.")
    if text[start:end] != quote:
        raise SpanError("quote-mismatch", _why_mismatched(text, start, end, quote))


def context(text: str, start: int, end: int, width: int = CONTEXT) -> tuple[str, str]:
    """The text just before and just after a span, at most `width` code points each."""
    return text[max(0, start - width) : start], text[end : end + width]


def segments(length: int, spans: Iterable[tuple[Id, int, int]]) -> list[tuple[int, int, list[Id]]]:
    """Overlapping (id, start, end) spans as flat, adjoining pieces (start, end, ids) that cover 0 to length.

    Ids keep the order in which their spans were given. Parts of spans outside the text are cut off.
    """
    kept = [(name, max(0, start), min(end, length)) for name, start, end in spans]
    kept = [(name, start, end) for name, start, end in kept if start < end]
    edges = sorted({0, length, *(start for _, start, _ in kept), *(end for _, _, end in kept)})
    opens: dict[int, list[int]] = {}
    closes: dict[int, list[int]] = {}
    for order, (_, start, end) in enumerate(kept):
        opens.setdefault(start, []).append(order)
        closes.setdefault(end, []).append(order)
    active: set[int] = set()
    pieces: list[tuple[int, int, list[Id]]] = []
    for start, end in zip(edges, edges[1:], strict=False):
        active.difference_update(closes.get(start, ()))
        active.update(opens.get(start, ()))
        pieces.append((start, end, [kept[order][0] for order in sorted(active)]))
    return pieces


def utf16_to_code_points(text: str, index: int) -> int:
    """The code point offset of a UTF-16 offset, as browsers and Java count. Between two surrogates is refused."""
    units = 0
    for position, character in enumerate(text):
        if units == index:
            return position
        units += 2 if character > "\uffff" else 1
        if units > index:
            raise SpanError("inside-character", f"UTF-16 offset {index} is in the middle of a character.")
    if units == index:
        return len(text)
    raise SpanError("after-end", f"UTF-16 offset {index} is beyond the text.")


def code_points_to_utf16(text: str, index: int) -> int:
    """The UTF-16 offset of a code point offset."""
    if not 0 <= index <= len(text):
        raise SpanError("after-end", f"Offset {index} is beyond the text.")
    return index + sum(character > "\uffff" for character in text[:index])


def _why_mismatched(text: str, start: int, end: int, quote: str) -> str:
    """Name the mistake clients make most: counting UTF-16 units where code points are meant."""
    try:
        points = utf16_to_code_points(text, start), utf16_to_code_points(text, end)
    except SpanError:
        points = start, end
    if points != (start, end) and text[slice(*points)] == quote:
        return "The quote is not at these offsets; they look like UTF-16 units. Send Unicode code points."
    return f"The quote is not what stands at {start} to {end}. Offsets are Unicode code points of the stored text."
