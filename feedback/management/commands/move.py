"""SQLite to PostgreSQL: `manage.py move --to postgres://user:password@host/name [--json]`, with everything stopped.

The target must be empty; it is migrated to the same level. Rows keep their ids. Afterwards every table is read back and
compared, and `verify` is run on the target. The source is only read. Files stay where they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import environ
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import IntegrityError, OperationalError

from feedback.management import databases, moving

TARGET = "target"


class Command(BaseCommand):
    help = "Move everything from SQLite to an empty PostgreSQL database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", required=True, metavar="DATABASE_URL", help="postgres://user:password@host:5432/name"
        )
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_quiet, started = options["json"], time.monotonic()
        self.source_is_ready()
        connections.databases[TARGET] = self.target_of(options["to"])
        try:
            self.target_is_ready()
            found = self.move()
        except IntegrityError as error:
            raise CommandError(f"A row refers to one that is missing: {error}. Nothing was moved.") from error
        finally:
            connections[TARGET].close()
            del connections[TARGET], connections.databases[TARGET]
        verified = self.verify(options["to"])
        self.answer(found, verified, time.monotonic() - started)

    def source_is_ready(self) -> None:
        if connections["default"].vendor != "sqlite":
            raise CommandError("DATABASE_URL names PostgreSQL already; this moves from SQLite.")
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The SQLite database lacks migrations of this release. Run `manage.py migrate` first.")

    def target_of(self, url: str) -> dict[str, Any]:
        config = environ.Env.db_url_config(url)
        if not config.get("ENGINE", "").endswith("postgresql"):
            raise CommandError(f"--to looks like postgres://user:password@host:5432/name, not like {url!r}.")
        default = connections["default"].settings_dict
        shared = {name: default[name] for name in ("ATOMIC_REQUESTS", "AUTOCOMMIT", "TIME_ZONE", "TEST")}
        return {**shared, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}, **config}

    def target_is_ready(self) -> None:
        try:
            is_empty = databases.is_empty(TARGET)
        except OperationalError as error:
            raise CommandError(f"PostgreSQL cannot be reached: {error}") from error
        if not is_empty:
            raise CommandError("The target is not empty. Nothing was changed; name a new database.")
        self.tell("Preparing the target ...")
        call_command("migrate", database=TARGET, verbosity=0, interactive=False)

    def move(self) -> list[moving.Table]:
        found = moving.tables()
        with transaction.atomic(using=TARGET), transaction.atomic():
            names = ", ".join(f'"{table.name}"' for table in found)
            with connections[TARGET].cursor() as cursor:
                cursor.execute(f"TRUNCATE {names}")  # what `migrate` wrote of its own: content types and permissions
            for table in found:
                moving.copy(table, "default", TARGET, self.tell)
                if table.rows:
                    self.tell(f"  {table.name}: {table.rows:,} rows")
            moving.reset_sequences(found, "default", TARGET)
            self.tell("Reading everything back ...")
            for table in found:
                moving.read_back(table, TARGET)
        with connections[TARGET].cursor() as cursor:
            cursor.execute("ANALYZE")
        return found

    def verify(self, url: str) -> int:
        """In a process of its own, which is the first to run on the new database."""
        self.tell("Checking every promise ...")
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify", "--json"]
        environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(settings.VAR_DIR)}
        environment.pop("DATABASE_URL_FILE", None)
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ran.returncode:
            raise CommandError(
                f"All rows were moved, but on PostgreSQL: {ran.stderr.strip()} Run `manage.py verify` there."
            )
        return len(json.loads(ran.stdout)["invariants"])

    def answer(self, found: list[moving.Table], verified: int, seconds: float) -> None:
        rows = sum(table.rows for table in found)
        if self.is_quiet:
            parts = {table.name: {"rows": table.rows, "sha256": table.sha256} for table in found}
            self.stdout.write(
                json.dumps({"rows": rows, "verified": verified, "seconds": round(seconds, 1), "tables": parts})
            )
            return
        self.stdout.write(
            f"Moved {rows:,} rows of {len(found)} tables in {seconds:.0f} s; each table was read back and is the same, "
            f"and all {verified} promises hold. Now set DATABASE_URL to the new address, keep VAR_DIR, and start."
        )

    def tell(self, line: str) -> None:
        if not self.is_quiet:
            self.stdout.write(line)
