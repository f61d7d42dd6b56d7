"""Where files may be sent: places that the operator named in EXPORT_DESTINATIONS, and no other.

Addresses, buckets and keys come from the operator's configuration only; a page or a program names a destination by its
name, and only one that its project may use.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.core.checks import CheckMessage, Error

from feedback.datasets.destinations.hub import Hub
from feedback.datasets.destinations.local import Local
from feedback.datasets.destinations.place import Cargo, Progress
from feedback.datasets.destinations.s3 import S3
from feedback.jobs import JobRefused

__all__ = ["Cargo", "Progress", "allowed", "find"]

Destination = Local | S3 | Hub


def known() -> dict[str, Destination]:
    return read(settings.EXPORT_DESTINATIONS)


@lru_cache(maxsize=4)
def read(text: str) -> dict[str, Destination]:
    """Raises ValueError with a sentence."""
    try:
        found = msgspec.json.decode(text or "[]", type=list[Destination])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ValueError(f"EXPORT_DESTINATIONS cannot be read: {error}.") from error
    names = [one.name for one in found]
    if len(set(names)) != len(names) or not all(names):
        raise ValueError("EXPORT_DESTINATIONS must give each destination a name of its own.")
    return dict(zip(names, found, strict=True))


def allowed(project: str) -> list[Destination]:
    """Those that a project may send to."""
    return [one for one in known().values() if "*" in one.projects or project in one.projects]


def find(name: str, project: str) -> Destination:
    """Raises JobRefused, alike for what is not there and what is others'."""
    for one in allowed(project):
        if one.name == name:
            return one
    raise JobRefused("There is no such destination for this project. The operator names them in EXPORT_DESTINATIONS.")


def check(**_: Any) -> Iterable[CheckMessage]:
    """For `manage.py check`: what cannot be read is found before a file is to be sent."""
    try:
        known()
    except ValueError as error:
        return [Error(str(error), id="datasets.E001")]
    return []
