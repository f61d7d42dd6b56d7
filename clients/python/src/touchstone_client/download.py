"""A file from the server: waited for, fetched in as many parts as it takes, checked, there only when it is whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx2
from touchstone_client.calls import LATER, Calls, pause, unreachable
from touchstone_client.errors import TouchstoneError
from touchstone_client.rows import Export

SLOWEST = 5.0  # seconds between two looks at a file that is being written


@dataclass(frozen=True)
class Progress:
    """`done` counts rows while the file is written, and bytes while it is fetched, of `total`."""

    phase: Literal["writing", "fetching"]
    done: int
    total: int | None = None


Told = Callable[[Progress], object]


def silent(progress: Progress) -> None:
    """For who wants to know nothing."""


def finished(calls: Calls, export: Export, tell: Told, patience: float) -> Export:
    """The export once it is done. TouchstoneError when it fails, and `patience` when that many seconds were waited."""
    waited, wait = 0.0, 0.25
    while export["state"] in {"queued", "running"}:
        if waited >= patience:
            raise TouchstoneError(0, "patience", f"The file is not there after {patience:g} seconds.", data=export)
        tell(Progress("writing", export["done"], export["total"]))
        calls.sleep(wait)
        waited, wait = waited + wait, min(SLOWEST, wait * 1.5)
        export = calls.json("GET", f"exports/{export['id']}/")
    if export["state"] != "done":
        detail = export["error"] or f"The file was {export['state']}."
        raise TouchstoneError(0, "export-failed", detail, data=export)
    return export


def fetched(calls: Calls, export: Export, to: Path, tell: Told) -> Path:
    """The whole file at `to`. What an earlier call has fetched lies beside it, under the file's hash, and is used."""
    part = to.with_name(f"{to.name}.{export['sha256'][:16]}.part")
    attempt = 0
    while (had := size_of(part)) < export["n_bytes"] or not part.exists():
        try:
            fetch_rest(calls, export, part, tell)
        except (httpx2.TransportError, TouchstoneError) as broken:
            attempt = 0 if size_of(part) > had else attempt + 1
            if attempt > calls.retries or not is_passing(broken):
                raise (unreachable(broken) if isinstance(broken, httpx2.TransportError) else broken) from broken
            calls.sleep(pause(attempt))
    if hash_of(part) != export["sha256"]:
        part.unlink()
        raise TouchstoneError(
            0, "checksum", f"What came is not the file {export['id']}; nothing was kept.", data=export
        )
    os.replace(part, to)
    return to


def is_passing(broken: Exception) -> bool:
    return not isinstance(broken, TouchstoneError) or broken.status in LATER


def fetch_rest(calls: Calls, export: Export, part: Path, tell: Told) -> None:
    """From where the part ends; from the beginning when the server has another file by now."""
    had = size_of(part)
    headers = {"Accept-Encoding": "identity"}
    if had:
        headers |= {"Range": f"bytes={had}-", "If-Range": f'"{export["sha256"]}"'}
    with calls.stream(f"exports/{export['id']}/download/", headers) as answer:
        is_rest = answer.status_code == httpx2.codes.PARTIAL_CONTENT
        with part.open("ab" if is_rest else "wb") as file:
            for (
                block
            ) in answer.iter_raw():  # as it comes: what waited for a fuller block would be lost with the connection
                file.write(block)
                tell(Progress("fetching", file.tell(), export["n_bytes"]))
            file.flush()
            os.fsync(file.fileno())


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
