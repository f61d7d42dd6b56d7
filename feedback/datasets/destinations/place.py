"""What every destination is given, gives back, and knows of secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.core.files.storage import default_storage

from feedback.jobs import JobRefused

Heartbeat = Callable[[], None]


class Cargo(NamedTuple):
    """A finished file."""

    name: str
    folder: tuple[str, ...]  # project, dataset, version: slugs
    stored: str  # its name in our file storage
    n_bytes: int
    sha256: str
    kind: str
    is_folder: bool
    key: str  # of this shipment, for what is written aside
    title: str

    def open(self) -> Any:
        return default_storage.open(self.stored)


class Progress(NamedTuple):
    """How far it came; `place` says where it lies once all of it is there."""

    cursor: dict[str, Any]
    n_bytes: int
    place: str = ""


class NotCarried(Exception):
    """It may go better another time. Nothing of an answer and no address stands in its words."""


class Place(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", frozen=True):
    """What the operator says of every destination. `projects` are slugs; "*" is all of them."""

    name: str
    projects: list[str]


def secret(path: str, variable: str) -> str | None:
    """From a file or from a variable of the environment; None when neither is named."""
    try:
        found = Path(path).read_text().strip() if path else os.environ.get(variable, "") if variable else None
    except OSError as error:
        raise JobRefused(f"A key of the destination cannot be read ({error.strerror}).") from None
    if found == "":
        raise JobRefused("A key of the destination is empty.")
    return found


@contextmanager
def told_plainly(*errors: type[Exception]) -> Iterator[None]:
    """Errors of a library by their kind: their words have addresses, and parts of answers."""
    try:
        yield
    except errors as error:
        code = getattr(error, "response", None)
        code = code.get("Error", {}).get("Code") if isinstance(code, dict) else getattr(code, "status_code", None)
        raise NotCarried(f"The destination did not take it ({code or type(error).__name__}).") from None
