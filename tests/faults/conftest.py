"""Real databases, brokers and processes. `instance` has the database of this test run's kind, and no process yet."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
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
    """SQLite in the folder, or a new PostgreSQL database beside the one of this test run."""

    def __init__(self, folder: Path) -> None:
        self.config: dict[str, Any] = settings.DATABASES["default"]
        self.name = f"services_{uuid.uuid4().hex[:12]}"
        self.is_postgres = self.config["ENGINE"].endswith("postgresql")
        self.address = f"sqlite:///{folder / 'instance.sqlite3'}"

    def administer(self, statement: str) -> None:
        import psycopg

        c = self.config
        words = {"host": c["HOST"], "port": c["PORT"] or 5432, "user": c["USER"], "password": c["PASSWORD"]}
        with psycopg.connect(dbname="postgres", autocommit=True, **words) as connection:
            connection.execute(statement)

    def __enter__(self) -> str:
        if self.is_postgres:
            self.administer(f"CREATE DATABASE {self.name}")
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
