"""Real brokers and processes. `instance` has a database of this test run's kind, and no process yet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.databases import database
from tests.faults.instance import Instance, Redis, has_redis


@pytest.fixture(scope="session")
def common(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database for all `instances`: each test makes projects of its own in it."""
    with database(tmp_path_factory.mktemp("common-database"), migrated) as address:
        yield address


@pytest.fixture
def instances(common: str, tmp_path: Path) -> Iterator[Any]:
    """`instances(broker="")` makes one; all its processes end with the test."""
    made: list[Instance] = []

    def make(broker: str = "", **environment: str) -> Instance:
        folder = tmp_path / f"var-{len(made)}"
        folder.mkdir()
        made.append(Instance(folder, common, broker, **environment))
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
