"""THE renderer of untrusted text. These three functions are the only `mark_safe` of the project.

`render_markdown` is for reading; `render_plain` and `render_segments` keep every character, so that offsets hold.
"""

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from feedback.text.badges import framed
from feedback.text.hashes import sha256_text
from feedback.text.hidden import find_hidden
from feedback.text.markdown import is_costly, to_html
from feedback.text.spans import segments

VERSION = 2  # raise when the same text gives other HTML: it is part of the cache key
MAX_MARKDOWN = 64 * 1024  # characters

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,40}")
_CACHED_CHARACTERS = 8 * 1024 * 1024


class Mark(NamedTuple):
    """A span to draw: its id, its offsets, and its kind, which becomes a CSS class when it is a slug."""

    id: int | str
    start: int
    end: int
    kind: str


def render_markdown(text: str) -> SafeString:
    """The text as Markdown; as plain text with a notice when it is too long or built to be slow. Cached."""
    key = (sha256_text(text), VERSION)
    html = _CACHE.get(key)
    if html is None:
        html = _markdown(text)
        _CACHE.put(key, html)
    return mark_safe(html)  # noqa: S308


def render_plain(text: str) -> SafeString:
    """A plain-text layer whose textContent is exactly the text, hidden characters framed."""
    return mark_safe(_layer(framed(text, 0, len(text), find_hidden(text))))  # noqa: S308


def render_segments(text: str, spans: Iterable[Mark]) -> SafeString:
    """The plain-text layer with marks. Where spans overlap, a piece carries the kinds and ids of all of them."""
    marks = list(spans)
    hidden = list(find_hidden(text))
    pieces = []
    numbered = [(number, mark.start, mark.end) for number, mark in enumerate(marks)]
    for start, end, numbers in segments(len(text), numbered):
        inside = hidden[bisect_left(hidden, start) : bisect_left(hidden, end)]
        html = framed(text, start, end, inside)
        pieces.append(_marked(html, [marks[number] for number in numbers]) if numbers else html)
    return mark_safe(_layer("".join(pieces)))  # noqa: S308


def _markdown(text: str) -> str:
    if len(text) > MAX_MARKDOWN:
        return _as_plain(text, f"Shown as plain text: longer than {MAX_MARKDOWN // 1024},000 characters.")
    if is_costly(text):
        return _as_plain(text, "Shown as plain text: too intricate to lay out.")
    # hx-disable: htmx looks at nothing inside, even if an attribute ever came through.
    return f'<div class="markdown" dir="auto" hx-disable>{to_html(text)}</div>'


def _as_plain(text: str, notice: str) -> str:
    return f'<p class="text-notice">{notice}</p>{render_plain(text)}'


def _layer(html: str) -> str:
    # A div, not a pre: the parser drops a line feed at the start of a pre.
    return f'<div class="plain" dir="auto" hx-disable>{html}</div>'


def _marked(html: str, marks: list[Mark]) -> str:
    kinds = dict.fromkeys(mark.kind for mark in marks if _SLUG.fullmatch(mark.kind))
    classes = " ".join(["span", *kinds, *(["overlap"] if len(marks) > 1 else [])])
    ids = escape(" ".join(str(mark.id) for mark in marks))
    return f'<mark class="{classes}" data-spans="{ids}">{html}</mark>'


class _Cache:
    """The last rendered texts by (hash, version), bounded by what they weigh; safe between threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._weight = 0
        self._kept: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, int]) -> str | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, int], html: str) -> None:
        with self._lock:
            self._weight += len(html) - len(self._kept.pop(key, ""))
            self._kept[key] = html
            while self._weight > self._capacity:
                self._weight -= len(self._kept.popitem(last=False)[1])


_CACHE = _Cache(_CACHED_CHARACTERS)
