"""Which addresses may be told of events."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from feedback.egress import EgressError, refuse


def refusal(url: str) -> str:
    """Why not, in a sentence; empty when it may. Where a name leads is looked at whenever something is sent."""
    try:
        refuse(url, allow=settings.EGRESS_ALLOW)
    except EgressError as error:
        return error.message
    parts = urlsplit(url)
    is_inside = f"{parts.hostname}:{parts.port or 80}" in settings.EGRESS_ALLOW
    if parts.scheme != "https" and not is_inside:
        return "The address must begin with https://."
    if parts.fragment:
        return "Leave out what follows the #: it is never sent."
    return ""


def is_same_place(old: str, new: str) -> bool:
    """Whether both lead to one receiver: the same scheme, host and port."""
    first, second = urlsplit(old), urlsplit(new)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())
