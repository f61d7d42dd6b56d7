"""What the review page needs to show text exactly: the plain-text layer, and the words at a scale's points."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Controls, bidi controls, zero-width and filler characters, tags: what a reader cannot see. A joiner counts only between
# Latin letters and digits, where no script needs it; inside emoji and Indic or Arabic words it belongs to the text.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2060-\u2069\u3164\ufeff\uffa0\U000e0001\U000e0020-\U000e007f]|(?<=[A-Za-z0-9])[\u200c\u200d](?=[A-Za-z0-9])"
)


@register.filter
def layer(text: str) -> SafeString:
    """Escaped text whose textContent in the browser is `text` itself, with unseen characters framed.

    A carriage return is written as a character reference, because an HTML parser would turn it into a line feed and every
    offset after it would be wrong.
    """
    pieces: list[str] = []
    at = 0
    for match in UNSEEN.finditer(text):
        pieces.append(escape(text[at : match.start()]))
        pieces.append(f'<span class="unseen" data-code="U+{ord(match[0]):04X}">{match[0]}</span>')
        at = match.end()
    pieces.append(escape(text[at:]))
    return mark_safe("".join(pieces).replace("\r", "&#13;"))  # noqa: S308: every piece above is escaped


@register.filter
def anchor(options: Any, point: Any) -> SafeString | str:
    """The words a scale gives to one of its points; empty when it gives none."""
    anchors = options.get("anchors", {}) if isinstance(options, dict) else {}
    return conditional_escape(anchors.get(str(point), ""))
