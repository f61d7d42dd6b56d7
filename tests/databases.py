"""The database of this test run, what is written to it for a moment only, and whole others beside it."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Leaves the database as it was before the block."""
    trial: Any = transaction.atomic()
    trial._from_testcase = True  # to tests/transactions.py: it is the test's, not the product's
    with trial:
        yield
        transaction.set_rollback(True)


class database:
    """SQLite in the folder, or a new PostgreSQL database beside the one of this test run; a copy of `original`."""

    def __init__(self, folder: Path, original: str = "") -> None:
        self.original = original
        self.config: dict[str, Any] = settings.DATABASES["default"]
        self.name = f"services_{uuid.uuid4().hex[:12]}"
        self.is_postgres = self.config["ENGINE"].endswith("postgresql")
        self.file = folder / "instance.sqlite3"
        self.address = f"sqlite:///{self.file}"

    def administer(self, statement: str) -> None:
        import psycopg

        c = self.config
        words = {"host": c["HOST"], "port": c["PORT"] or 5432, "user": c["USER"], "password": c["PASSWORD"]}
        with psycopg.connect(dbname="postgres", autocommit=True, **words) as connection:
            connection.execute(statement)

    def __enter__(self) -> str:
        if self.original and not self.is_postgres:
            with (
                closing(sqlite3.connect(urlsplit(self.original).path[1:])) as old,
                closing(sqlite3.connect(self.file)) as new,
            ):
                old.backup(new)
        if self.is_postgres:
            template = f" TEMPLATE {urlsplit(self.original).path[1:]}" if self.original else ""
            self.administer(f"CREATE DATABASE {self.name}{template}")
            user = self.config["USER"] + (f":{self.config['PASSWORD']}" if self.config["PASSWORD"] else "")
            place = f"{user}@{self.config['HOST']}:{self.config['PORT'] or 5432}"
            self.address = urlunsplit(urlsplit("")._replace(scheme="postgres", netloc=place, path=self.name))
        return self.address

    def __exit__(self, *error: object) -> None:
        if self.is_postgres:
            self.administer(f"DROP DATABASE {self.name} WITH (FORCE)")
