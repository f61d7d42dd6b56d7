"""Copies of a whole database, out of a running one and back into an empty one, by their own means.

`copy_of(alias)` gives the one for a connection. Its `frozen()` holds one moment of the database; inside, `alias` reads
that moment and `dump` writes it. `replaced()` makes room; inside, `load` fills it, and an error puts back what was.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

OWN = {"django_migrations", "django_content_type", "auth_permission", "django_session"}  # no data of anybody
PROGRAM_KEYS = ("host", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "service", "passfile")


class Postgres:
    vendor, file = "postgresql", "database.dump"

    def __init__(self, alias: str) -> None:
        self.connection, self.alias, self.snapshot = connections[alias], alias, ""

    def ask(self, sql: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    @property
    def server(self) -> str:
        return str(self.ask("SHOW server_version"))

    @contextlib.contextmanager
    def frozen(self, folder: Path) -> Iterator[None]:
        """One snapshot for the reads in here and for pg_dump. It stops no writer."""
        with transaction.atomic(using=self.alias), self.connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits while pg_dump works
            self.snapshot = self.ask("SELECT pg_export_snapshot()")
            yield

    def dump(self, path: Path) -> None:
        self.run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
                 f"--snapshot={self.snapshot}", f"--file={path}")  # fmt: skip

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """The old tables step aside under another schema, and are gone when all went well."""
        others = self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        if others:
            raise CommandError(f"{others} other connections are open. Stop web, worker and beat first.")
        aside = f"replaced_{timezone.now():%Y%m%d_%H%M%S}"
        self.rename("public", aside)
        try:
            yield
        except BaseException:
            with transaction.atomic(using=self.alias), self.connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE")
                cursor.execute(f"ALTER SCHEMA {aside} RENAME TO public")
            raise
        with self.connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {aside} CASCADE")

    def rename(self, name: str, aside: str) -> None:
        try:
            with transaction.atomic(using=self.alias), self.connection.cursor() as cursor:
                cursor.execute(f"ALTER SCHEMA {name} RENAME TO {aside}")
                cursor.execute(f"CREATE SCHEMA {name} AUTHORIZATION pg_database_owner")
        except Exception as error:
            raise CommandError(f"The tables cannot be put aside: {error}. Restore as the database's owner.") from error

    def load(self, path: Path) -> None:
        self.run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(path))

    def run(self, *command: str) -> None:
        """Against this database. The password goes by the environment, where no list of processes shows it."""
        parameters = self.connection.get_connection_params()
        words = {key: parameters[key] for key in PROGRAM_KEYS if key in parameters}
        target = psycopg.conninfo.make_conninfo(dbname=parameters["dbname"], **words)
        password = {"PGPASSWORD": parameters["password"]} if parameters.get("password") else {}
        environment = {**os.environ, **password, "PGAPPNAME": "touchstone-backup"}
        try:
            ran = subprocess.run(
                [*command, f"--dbname={target}"], env=environment, capture_output=True, text=True, errors="replace"
            )
        except FileNotFoundError:
            raise CommandError(f"{command[0]} is not installed: it comes with PostgreSQL's client programs.") from None
        if ran.returncode:
            raise CommandError(f"{command[0]} failed: {ran.stderr.strip()[-2000:]}")


class Sqlite:
    vendor, file = "sqlite", "database.sqlite3"
    server = sqlite3.sqlite_version

    def __init__(self, alias: str) -> None:
        self.live, self.alias = connections[alias], "backup"

    @contextlib.contextmanager
    def frozen(self, folder: Path) -> Iterator[None]:
        """A copy made in one step: with a write-ahead log that stops no writer."""
        path = folder / self.file
        path.unlink(missing_ok=True)
        self.live.ensure_connection()
        with contextlib.closing(sqlite3.connect(path)) as copy:
            self.live.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        connections.databases[self.alias] = {**self.live.settings_dict, "NAME": str(path), "OPTIONS": {}}
        try:
            yield
        finally:
            connections[self.alias].close()
            del connections[self.alias], connections.databases[self.alias]

    def dump(self, path: Path) -> None:
        """It is there."""

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        self.live.ensure_connection()
        aside = Path(f"{self.live.settings_dict['NAME']}.replaced")
        with contextlib.closing(sqlite3.connect(aside)) as before:
            self.live.connection.backup(before)
            try:
                yield
            except BaseException:
                self.live.ensure_connection()
                before.backup(self.live.connection)
                raise
            finally:
                self.live.close()
        aside.unlink()

    def load(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
            source.backup(self.live.connection)


def copy_of(alias: str = "default") -> Postgres | Sqlite:
    return Postgres(alias) if connections[alias].vendor == "postgresql" else Sqlite(alias)


def rows_of(alias: str) -> dict[str, int]:
    """How many rows each table has."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  # a name of the catalogue
            found[table] = cursor.fetchone()[0]
    return found


def is_empty(alias: str = "default") -> bool:
    """No table, or none with anything of anybody in it."""
    return not any(count for table, count in rows_of(alias).items() if table not in OWN)


def migrations_of(alias: str) -> list[str]:
    return sorted(".".join(key) for key in MigrationRecorder(connections[alias]).applied_migrations())
