"""Escaped text with its hidden characters made visible, in two ways."""

from collections.abc import Iterable

from django.utils.html import escape

from feedback.text.hidden import code_point, find_hidden, title


def badged(text: str) -> str:
    """For reading: each hidden character is replaced with its code point, its name on hover. Offsets no longer hold."""
    pieces: list[str] = []
    position = 0
    for hidden in find_hidden(text):
        character = text[hidden]
        pieces += [
            escape(text[position:hidden]),
            f'<span class="hidden-char" title="{title(character)}">{code_point(character)}</span>',
        ]
        position = hidden + 1
    return "".join([*pieces, escape(text[position:])])


def framed(text: str, start: int, end: int, hidden: Iterable[int]) -> str:
    """For counting: text[start:end] whose textContent in a browser is exactly itself.

    `hidden` are the offsets of hidden characters in that range, ascending. Each stands in a `bdi` of its own, so that a
    direction override ends where it begins, and carries its code point for the style sheet to show. A carriage return
    is written as a reference: an HTML parser turns a plain one into a line feed, and CR LF into one character.
    """
    pieces: list[str] = []
    position = start
    for offset in hidden:
        character = text[offset]
        pieces += [
            escape(text[position:offset]),
            f'<bdi class="hidden-char" data-char="{code_point(character)}" title="{title(character)}">'
            f"{escape(character)}</bdi>",
        ]
        position = offset + 1
    return "".join([*pieces, escape(text[position:end])]).replace("\r", "&#13;")
