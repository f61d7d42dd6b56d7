"""Bring a backup back: `manage.py restore FOLDER [--replace] [--no-verify] [--json]`, with everything else stopped.

Every sum of the manifest is checked before anything is touched. The database must be empty unless `--replace` is said;
then what is there is kept aside until the restored one was migrated to this release and kept every promise (`verify`).
When anything goes wrong, it is put back.
"""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from feedback.management import databases, folder


class Command(BaseCommand):
    help = "Bring a backup back into an empty database."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--replace", action="store_true", help="Give up what this database and storage hold now.")
        parser.add_argument("--no-verify", action="store_true", help="Bring it back even if a promise is broken in it.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_quiet, started = options["json"], time.monotonic()
        path = options["folder"].resolve()
        manifest = folder.read_manifest(path)
        database = databases.copy_of()
        self.refuse(manifest, database, may_replace=options["replace"])
        self.tell("Checking the sums ...")
        folder.check(path, manifest)
        with database.replaced():
            self.tell("Bringing the database back ...")
            database.load(path / manifest.database.name)
            self.compare(manifest)
            stored = folder.store(path, manifest)
            self.tell("Migrating to this release ...")
            ContentType.objects.clear_cache()
            call_command("migrate", verbosity=0, interactive=False)
            verified = None if options["no_verify"] else self.verify()
        self.answer(manifest, stored, verified, time.monotonic() - started)

    def refuse(self, manifest: folder.Manifest, database: Any, *, may_replace: bool) -> None:
        if manifest.database.vendor != database.vendor:
            raise CommandError(
                f"This is a backup of {manifest.database.vendor}, and DATABASE_URL names {database.vendor}. Restore it "
                "there; `manage.py move` takes SQLite to PostgreSQL."
            )
        own = MigrationLoader(None).disk_migrations
        known = {f"{app}.{name}" for key, one in own.items() for app, name in (key, *one.replaces)}
        if unknown := sorted(set(manifest.database.migrations) - known):
            raise CommandError(f"A newer release made this backup: it has {unknown[0]}. Install that release.")
        if may_replace:
            return
        if not databases.is_empty():
            raise CommandError("This database is not empty. Nothing was changed; --replace gives up what it holds.")
        if found := folder.in_the_way(manifest):
            raise CommandError(f"The storage has another {found[0]}. Nothing was changed; --replace gives it up.")

    def compare(self, manifest: folder.Manifest) -> None:
        found = databases.rows_of("default")
        for table, count in manifest.database.rows.items():
            if found.get(table) != count:
                raise CommandError(f"{table} has {found.get(table)} rows instead of {count}. All is as it was before.")

    def verify(self) -> int:
        """How many promises were checked and hold."""
        self.tell("Checking every promise ...")
        answer = io.StringIO()
        try:
            call_command("verify", json=True, stdout=answer)
        except CommandError as error:
            broken = [one for one in json.loads(answer.getvalue())["invariants"] if one["violations"]]
            names = "; ".join(f"{one['code']} {one['promise']} ({one['violations']})" for one in broken)
            raise CommandError(
                f"{error} All is as it was before; --no-verify brings it back anyway. {names}"
            ) from error
        return len(json.loads(answer.getvalue())["invariants"])

    def answer(self, manifest: folder.Manifest, stored: int, verified: int | None, seconds: float) -> None:
        rows = sum(manifest.database.rows.values())
        if self.is_quiet:
            found = {
                "made_at": manifest.made_at.isoformat(),
                "rows": rows,
                "files": len(manifest.files),
                "stored": stored,
            }
            found |= {"missing": manifest.missing, "verified": verified, "seconds": round(seconds, 1)}
            self.stdout.write(json.dumps({**found, "database": str(connection.settings_dict["NAME"])}))
            return
        checked = "no promise was checked" if verified is None else f"all {verified} promises hold"
        self.stdout.write(
            f"Restored {rows:,} rows and {len(manifest.files):,} files as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC "
            f"in {seconds:.0f} s; {checked}. {len(manifest.missing)} files were missing in the backup."
        )

    def tell(self, line: str) -> None:
        if not self.is_quiet:
            self.stdout.write(line)
