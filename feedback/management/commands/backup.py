"""Copy everything while it is in use: `manage.py backup FOLDER [--json]`. The folder must be new.

The database is copied as of one moment, and every file that its rows name at that moment is beside it. Files are copied
before that moment too, so that few are left to copy when it comes.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from feedback.management import databases, folder

ATTEMPTS = 3  # a moment in which a file was deleted before it was copied is let go for another one


class Command(BaseCommand):
    help = "Copy database and files into a new folder, while everything goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_quiet, started = options["json"], time.monotonic()
        path = folder.new_folder(options["folder"].resolve())
        files = folder.Copied(path)
        self.tell("Copying files ...")
        files.take(folder.named_files(), self.warn)
        for attempt in range(1, ATTEMPTS + 1):
            if manifest := self.copy(path, files, is_last=attempt == ATTEMPTS):
                break
        assert manifest is not None
        folder.write_manifest(path, manifest)
        self.answer(path, manifest, time.monotonic() - started)

    def copy(self, path: Path, files: folder.Copied, *, is_last: bool) -> folder.Manifest | None:
        """Database and files of one moment; None when a file went before it was copied."""
        database = databases.copy_of()
        with database.frozen(path):
            made_at = timezone.now()
            names = folder.named_files(database.alias)
            missing = files.take(names, self.warn)
            if missing and not is_last:
                return None
            for name in sorted(missing):
                self.warn(f"Warning: {name} is named by a row and is not in the storage.")
            self.tell("Copying the database ...")
            rows, migrations = databases.rows_of(database.alias), databases.migrations_of(database.alias)
            server = database.server
            database.dump(path / database.file)
        copied = folder.sum_of(path / database.file)
        (path / database.file).chmod(0o600)
        about = folder.Database(copied.name, copied.bytes, copied.sha256, database.vendor, server, migrations, rows)
        entries = [files.entries[name] for name in sorted(names.keys() - missing)]
        for name in files.entries.keys() - names.keys():
            (path / folder.FILES / name).unlink()  # its row let go of it before the moment
        return folder.Manifest(about, entries, sorted(missing), made_at)

    def answer(self, path: Path, manifest: folder.Manifest, seconds: float) -> None:
        rows, size = sum(manifest.database.rows.values()), sum(entry.bytes for entry in manifest.files)
        if self.is_quiet:
            found = {
                "folder": str(path),
                "made_at": manifest.made_at.isoformat(),
                "rows": rows,
                "seconds": round(seconds, 1),
            }
            found |= {"files": len(manifest.files), "missing": manifest.missing}
            found |= {"bytes": size + manifest.database.bytes, "database_sha256": manifest.database.sha256}
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(
            f"{path}: {rows:,} rows ({manifest.database.bytes / 1e6:,.1f} MB) and {len(manifest.files):,} files "
            f"({size / 1e6:,.1f} MB) as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, in {seconds:.0f} s."
        )

    def tell(self, line: str) -> None:
        if not self.is_quiet:
            self.stdout.write(line)

    def warn(self, line: str) -> None:
        self.stderr.write(line)
