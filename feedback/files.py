"""Files too large for memory: hashed, and put into the file storage whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files import File

BLOCK = 1024 * 1024


class Whole(File):
    """A complete file on this machine: storage on the same disk renames it unread, which cannot stop halfway."""

    def __init__(self, path: Path) -> None:
        super().__init__(None, str(path))

    def temporary_file_path(self) -> str:
        return str(self.name)


def sha256_of(file: Any, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Of all that is left to read; closes it. Calls `meanwhile` between blocks."""
    digest = hashlib.sha256()
    with file:
        while block := file.read(BLOCK):
            digest.update(block)
            meanwhile()
    return digest.hexdigest()
