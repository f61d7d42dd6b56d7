"""Real databases, brokers and processes. `instance` has the database of this test run's kind, and no process yet."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings

from tests.faults.instance import ROOT, Instance, Redis, has_redis


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated database that nothing else uses; tests in it make projects of their own."""
    folder = tmp_path_factory.mktemp("services-database")
    with database(folder) as address:
        # Between two statements of a migration Python may think for longer than the short lease of these tests.
        environment = {**Instance(folder, address).environment, "JOB_LEASE_SECONDS": "120"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        yield address


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
                closing(sqlite3.connect(self.original.removeprefix("sqlite:///"))) as old,
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


@pytest.fixture
def instances(migrated: str, tmp_path: Path) -> Iterator[Any]:
    """`instances(broker="")` makes one; all its processes end with the test."""
    made: list[Instance] = []

    def make(broker: str = "", **environment: str) -> Instance:
        folder = tmp_path / f"var-{len(made)}"
        folder.mkdir()
        made.append(Instance(folder, migrated, broker, **environment))
        return made[-1]

    yield make
    for instance in made:
        instance.close()
        shutil.rmtree(instance.folder, ignore_errors=True)


@pytest.fixture
def alone(migrated: str, tmp_path: Path) -> Iterator[Any]:
    """Like `instances`, with a database that no other test has been in: all promises can be checked in it."""
    with ExitStack() as stack:

        def make(broker: str = "", **environment: str) -> Instance:
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            copy = stack.enter_context(database(folder, migrated))
            instance = Instance(folder, copy, broker, **environment)
            stack.callback(instance.close)
            return instance

        yield make


@pytest.fixture
def fragile_web(alone: Any) -> Callable[..., Instance]:
    """An instance whose web process dies where a request says so; `fragile_web(broker="", **settings)`."""

    def make(broker: str = "", **environment: str) -> Instance:
        instance: Instance = alone(broker, **environment)
        instance.fragile_web()
        return instance

    return make


@pytest.fixture
def redis() -> Iterator[Redis]:
    if not has_redis():
        pytest.skip("needs the program redis-server")
    server = Redis()
    yield server
    server.stop()


@pytest.fixture(params=["redis", "files"])
def instance(request: pytest.FixtureRequest, instances: Any) -> Instance:
    """Over a real Redis, and over the file-system broker."""
    made: Instance = instances(request.getfixturevalue("redis").url if request.param == "redis" else "")
    return made
