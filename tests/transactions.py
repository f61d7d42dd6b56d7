"""Short transactions: while one is open, rows are locked, and others wait for whatever its process waits for.

So inside a transaction no file of ours is read, no page is rendered, nothing is asked of another machine, and no
process is started. Python's own audit events tell, whoever does it. A test's own transaction does not count.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.signals import template_rendered

WAITS = {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}
found: list[str] = []
watching = False


def is_open() -> bool:
    return any(not block._from_testcase for block in connection.atomic_blocks)  # type: ignore[attr-defined]


def is_read(path: Any, mode: str | None) -> bool:
    """Of files, those that the product keeps count: code and templates are read once."""
    if not isinstance(path, str | Path) or mode is None or "r" not in mode:
        return False
    return any(Path(path).is_relative_to(place) for place in (settings.VAR_DIR, settings.MEDIA_ROOT))


def note(what: str) -> None:
    stack = "".join(traceback.format_stack(limit=12)[:-2])
    found.append(f"{what} inside a transaction:\n{stack}")


def hear(event: str, details: tuple[Any, ...]) -> None:
    """The audit hook, for the life of the process: hooks cannot be taken away."""
    if not watching or event not in WAITS or not is_open():
        return
    if event != "open" or is_read(details[0], details[1]):
        note(f"{event} {details}")


def rendered(template: Any = None, **_: Any) -> None:
    if is_open() and str(template.name).endswith(".html"):  # a message of one line is no page
        note(f"rendering of {template.name}")


@contextmanager
def short() -> Iterator[None]:
    """Fails at its end when something was waited for."""
    global watching
    before, watching = watching, True
    template_rendered.connect(rendered)
    try:
        yield
    finally:
        watching = before
        template_rendered.disconnect(rendered)
        told, count = "".join(found[:1]), len(found)
        found.clear()
    assert not count, f"{count} times, first: {told}"


sys.addaudithook(hear)
