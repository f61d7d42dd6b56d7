"""A backup: a folder with the database, the files that its rows name, and a manifest that vouches for both.

manifest.json          what is in it, with SHA-256 sums; written last, so that a folder without it is no backup
database.dump          PostgreSQL's custom format; or database.sqlite3
files/exports/1/…      each under its name in the file storage
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec
from django.apps import apps
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management.base import CommandError

SCHEMA = "touchstone.backup/1"
MANIFEST = "manifest.json"
FILES = "files"
BLOCK = 1024 * 1024
OURS = ("feedback.", "reviews.")


class Entry(msgspec.Struct):
    name: str
    bytes: int
    sha256: str


class Database(Entry):
    vendor: str
    server: str
    migrations: list[str]
    rows: dict[str, int]  # table -> how many


class Manifest(msgspec.Struct):
    database: Database
    files: list[Entry]
    missing: list[str]  # named by a row, and not in the storage when the backup was made
    made_at: datetime
    schema: str = SCHEMA


def new_folder(path: Path) -> Path:
    """An empty folder for this user's eyes alone: a backup holds everything there is."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CommandError(f"{path} is there already. A backup never overwrites anything; name a new folder.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise CommandError(f"{path} cannot be made: {error.strerror}.") from error
    return path


def write_manifest(folder: Path, manifest: Manifest) -> None:
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    partial = folder / f"{MANIFEST}.partial"
    partial.write_bytes(data)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise CommandError(
            f"{folder} holds no {MANIFEST}: it is no backup, or one that never got to its end."
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise CommandError(f"{folder / MANIFEST} cannot be read: {error}.") from error
    if manifest.schema != SCHEMA:
        raise CommandError(f"This backup is a {manifest.schema!r}; this release reads {SCHEMA!r}.")
    refuse_outside(manifest)
    return manifest


def check(folder: Path, manifest: Manifest) -> None:
    """Whether every byte is there that the manifest vouches for."""
    wrong = []
    for entry, path in [(manifest.database, folder / manifest.database.name), *paths(folder, manifest)]:
        if not path.is_file():
            wrong.append(f"{entry.name} is missing")
        elif sum_of(path).sha256 != entry.sha256:
            wrong.append(f"{entry.name} is not what was written")
    if wrong:
        raise CommandError(f"This backup is damaged; nothing was restored. {'; '.join(wrong[:5])}.")


def refuse_outside(manifest: Manifest) -> None:
    for entry in (manifest.database, *manifest.files):
        name = PurePosixPath(entry.name)
        if name.is_absolute() or ".." in name.parts:
            raise CommandError(f"The manifest names a file outside of the backup: {entry.name!r}.")


def paths(folder: Path, manifest: Manifest) -> Iterator[tuple[Entry, Path]]:
    return ((entry, folder / FILES / entry.name) for entry in manifest.files)


def sum_of(path: Path) -> Entry:
    with path.open("rb") as file:
        return Entry(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def named_files(alias: str = "default") -> dict[str, str]:
    """Every file that a row names, with the row's SHA-256 of it where it keeps one: the columns called `file`."""
    found: dict[str, str] = {}
    for model in apps.get_models():
        columns = {field.name for field in model._meta.concrete_fields}
        if model.__module__.startswith(OURS) and "file" in columns:
            rows = model._base_manager.using(alias).exclude(file="")
            found |= dict(rows.values_list("file", "sha256")) if "sha256" in columns else dict.fromkeys(
                rows.values_list("file", flat=True), ""
            )  # fmt: skip
    return found


class Copied:
    """The files of a backup in the making: each is copied once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.entries = folder, dict[str, Entry]()

    def take(self, names: dict[str, str], told: Callable[[str], Any]) -> set[str]:
        """Copy what is new; the names that are not in the storage."""
        missing = set()
        for name, expected in sorted(names.items()):
            if name in self.entries:
                continue
            try:
                self.entries[name] = copied(name, self.folder / FILES / name)
            except FileNotFoundError:
                missing.add(name)
                continue
            if expected and self.entries[name].sha256 != expected:
                told(f"Warning: {name} is not the file that its row describes.")
        return missing


def copied(name: str, path: Path) -> Entry:
    """Out of the storage, counted and summed on the way."""
    with default_storage.open(name) as source:
        path.parent.mkdir(parents=True, exist_ok=True)
        return through(source, path, name)


def through(source: IO[bytes] | File[Any], path: Path, name: str) -> Entry:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            size += target.write(block)
    return Entry(name, size, digest.hexdigest())


def in_the_way(manifest: Manifest) -> list[str]:
    """Files in the storage that have a name from the backup and another content."""
    return [entry.name for entry in manifest.files if default_storage.exists(entry.name) and not is_stored(entry)]


def is_stored(entry: Entry) -> bool:
    with default_storage.open(entry.name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def store(folder: Path, manifest: Manifest) -> int:
    """Put the files into the storage; how many were not there. What is there with the same content stays."""
    count = 0
    for entry, path in paths(folder, manifest):
        if default_storage.exists(entry.name):
            if is_stored(entry):
                continue
            default_storage.delete(entry.name)
        with path.open("rb") as file:
            default_storage.save(entry.name, File(file))
        count += 1
    return count
