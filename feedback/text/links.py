"""Where a link in untrusted text really goes."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from feedback.text.hidden import HIDDEN

SCHEMES = frozenset({"http", "https", "mailto"})

_DOTS = str.maketrans("。．｡․", "....")  # what browsers read as a dot in a host name
# From the beginning of a word only: tried from each of its letters, time would grow with the square of its length.
_DOTTED = re.compile(r"(?<![\w-])[\w-]+(?:\.[\w-]+)+")


def target_host(href: str) -> str | None:
    """The host that a browser would open or write to; None unless this is a complete http, https or mailto address.

    An address relative to our own site is no link: text must not lead a reviewer to one of our pages.
    """
    try:
        parts = urlsplit(href)
        host = parts.path.rpartition("@")[2] if parts.scheme == "mailto" else parts.hostname
    except ValueError:
        return None
    return host.lower() if host and parts.scheme in SCHEMES else None


def image_origin(src: str) -> str:
    """In a word, where an image would have come from."""
    try:
        parts = urlsplit(src)
        return parts.hostname or (f"{parts.scheme}:" if parts.scheme else "relative address")
    except ValueError:
        return "unreadable address"


def names_other_host(text: str, host: str) -> bool:
    """True when the words of a link contain something that reads like a host, and not the one it goes to.

    Look-alike letters count as other: `host` comes in ASCII (punycode), the words as they are.
    """
    plain = unicodedata.normalize("NFKC", HIDDEN.sub("", text).translate(_DOTS)).casefold()
    return any(named.removeprefix("www.") != host.removeprefix("www.") for named in _hosts(plain))


def _hosts(text: str) -> Iterator[str]:
    """What reads like a host: words with dots between them, the last of two signs or more."""
    for dotted in _DOTTED.findall(text):
        labels = dotted.split(".")
        while labels and len(labels[-1]) < 2:
            labels.pop()
        if len(labels) > 1:
            yield ".".join(labels)
