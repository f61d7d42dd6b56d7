"""People with fixed meaning, on the real database."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from feedback.accounts import digests, rates
from feedback.accounts.models import Member, Project
from tests import make, transactions
from tests.databases import database

sqlite_flush = DatabaseWrapper.ops_class.sql_flush
execute_flush = DatabaseWrapper.ops_class.execute_sql_flush

# pytest-django puts a database of its own in its place, unless no test that was asked for is marked as using one.
INSTANCE = settings.DATABASES["default"]["NAME"]


def pytest_configure() -> None:
    DatabaseWrapper.ops_class.sql_flush = flush_kept  # type: ignore[method-assign]
    DatabaseWrapper.ops_class.execute_sql_flush = flush_patiently  # type: ignore[method-assign,assignment]
    settings.PASSWORD_HASHERS = ["tests.make.QuickHasher"]
    # neither how busy the machine is nor chance decides a test; who looks for new examples says EXPLORE=1
    hypothesis_settings.register_profile(
        "touchstone",
        deadline=None,
        derandomize=os.environ.get("EXPLORE") != "1",
        suppress_health_check=[HealthCheck.too_slow],
    )
    hypothesis_settings.load_profile("touchstone")


def pytest_collection_finish() -> None:
    """What is there before the first test stays: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def flush_kept(self: Any, *args: Any, **kwargs: Any) -> list[str]:
    """Django's statements between those that lift and set the triggers that refuse deletion on SQLite."""
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%frozen_kept'"
    with self.connection.cursor() as cursor:
        kept = cursor.execute(found).fetchall()
    lifted, back = [f'DROP TRIGGER "{name}"' for name, _ in kept], [sql for _, sql in kept]
    return [*lifted, *sqlite_flush(self, *args, **kwargs), *back]


def flush_patiently(self: Any, statements: Iterable[str]) -> None:
    """A page that was closed may still be answered by the live server: SQLite's shared memory lets nobody wait."""
    for _ in range(50):
        try:
            return execute_flush(self, statements)
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.1)
    return execute_flush(self, statements)


@pytest.fixture(autouse=True)
def own_windows(settings: Settings) -> None:
    """Nobody's requests of another test count against the rate limits of this one."""
    settings.RATE_LIMIT_STORAGE = "memory://"
    rates.windows.cache_clear()


@pytest.fixture(autouse=True)
def same_salts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn by a salt, as the split of a question, is drawn alike in each run."""
    numbers = count()
    monkeypatch.setattr(digests, "secrets", SimpleNamespace(token_hex=lambda n: f"{next(numbers):0{2 * n}x}"))


@pytest.fixture(autouse=True)
def transactions_are_short() -> Iterator[None]:
    with transactions.short():
        yield


@pytest.fixture(scope="session")
def migrated(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a migrated database to make copies of: nobody writes into it.

    It is a copy of this run's own, which holds nothing between two tests.
    """
    with django_db_blocker.unblock():
        made = [] if settings.DATABASES["default"]["NAME"] != INSTANCE else setup_databases(0, interactive=False)
        connection.close()  # PostgreSQL copies only what nobody is connected to
    own = f"any:///{settings.DATABASES['default']['NAME']}"
    with database(tmp_path_factory.mktemp("services-database"), own) as address:
        yield address
    with django_db_blocker.unblock():
        teardown_databases(made, 0)


@pytest.fixture
def project(db: None) -> Project:
    return make.project("travel")


@pytest.fixture
def other_project(db: None) -> Project:
    return make.project("elsewhere")


@pytest.fixture
def reviewer(project: Project) -> Member:
    return make.member(project, "reviewer", name="Rea Reviewer")


@pytest.fixture
def other_reviewer(project: Project) -> Member:
    return make.member(project, "reviewer", name="Otto Reviewer")


@pytest.fixture
def curator(project: Project) -> Member:
    return make.member(project, "curator", name="Cleo Curator")


@pytest.fixture
def moderator(project: Project) -> Member:
    return make.member(project, "moderator", name="Mo Moderator")


@pytest.fixture
def admin(project: Project) -> Member:
    return make.member(project, "admin", name="Ada Admin")


@pytest.fixture
def outsider(other_project: Project) -> Member:
    """An admin of another project: everything there, nothing here."""
    return make.member(other_project, "admin", name="Ona Outsider")


@pytest.fixture
def client_of() -> type[make.SignedIn]:
    """`client_of(member)` is a browser signed in as that member."""
    return make.SignedIn


@pytest.fixture
def anonymous() -> Client:
    return Client()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--of-database", action="store_true", help="only tests that another one could fail")


def asks_database(item: pytest.Item) -> bool:
    """pytest-django lets no other test near a database."""
    if any(item.get_closest_marker(name) for name in ("postgres", "services")):
        return True
    if item.get_closest_marker("once"):
        return False
    return item.get_closest_marker("django_db") is not None or "django_db_setup" in getattr(item, "fixturenames", ())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not wanted, and skip with a reason what has no server here; `make check` brings them all."""
    if config.getoption("--of-database"):
        config.hook.pytest_deselected(items=[item for item in items if not asks_database(item)])
        items[:] = [item for item in items if asks_database(item)]
    here = {
        "postgres": settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
        "services": bool(settings.REDIS_URL),
        "contracts": "CONTRACTS_PYTHON" in os.environ,
    }
    for item in items:
        for marker, present in here.items():
            if item.get_closest_marker(marker) and not present:
                item.add_marker(pytest.mark.skip(reason=f"needs what the marker '{marker}' stands for"))
