"""Django's migrate, which waits for no lock longer than a moment: `manage.py migrate --lock-seconds 5 --lock-tries 20`.

A migration that waits for its table makes everybody who comes after it wait too. So it gives up soon, lets them
through, and tries again; what it had begun is rolled back, and what was applied before stays.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

AGAIN = {"55P03", "40P01"}  # a lock not got, a deadlock
PAUSE_SECONDS = 2.0


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-seconds", type=int, default=5, help="Wait for a lock at most so long; 0 for ever.")
        parser.add_argument("--lock-tries", type=int, default=20, help="Give up after so many attempts.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        refuse_half_of_what_was_replaced(connection)
        seconds, tries = options["lock_seconds"], options["lock_tries"]
        if connection.vendor != "postgresql" or not seconds:
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds}s"])
        try:
            for attempt in range(1, tries + 1):
                try:
                    super().handle(*args, **options)
                    return
                except OperationalError as error:
                    if getattr(error.__cause__, "sqlstate", None) not in AGAIN:
                        raise
                    self.stderr.write(f"\nSomebody held a lock for {seconds} s (attempt {attempt} of {tries}).")
                    time.sleep(PAUSE_SECONDS)
            raise CommandError("The locks were never free. Nothing is half done; run it again when there is less work.")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


def refuse_half_of_what_was_replaced(connection: Any) -> None:
    """One migration stands for several that are gone; a database with some of them needs code that has the others."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    for one in MigrationLoader(None).disk_migrations.values():
        missing = [f"{app}.{name}" for app, name in one.replaces if (app, name) not in applied]
        if 0 < len(missing) < len(one.replaces):
            raise CommandError(
                f"This database lacks {', '.join(missing)}, which this release has put together with earlier ones. "
                "Nothing was changed: migrate it with the last release that has them, then with this one."
            )
