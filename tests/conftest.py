"""People with fixed meaning, on the real database."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from feedback.accounts import rates
from feedback.accounts.models import Member, Project
from tests import make, transactions
from tests.databases import database


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["tests.make.QuickHasher"]


@pytest.fixture(autouse=True)
def own_windows(settings: Settings) -> None:
    """Nobody's requests of another test count against the rate limits of this one."""
    settings.RATE_LIMIT_STORAGE = "memory://"
    rates.windows.cache_clear()


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
        connection.close()  # PostgreSQL copies only what nobody is connected to
    own = f"any:///{settings.DATABASES['default']['NAME']}"
    with database(tmp_path_factory.mktemp("services-database"), own) as address:
        yield address


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
    marks = any(item.get_closest_marker(name) for name in ("django_db", "postgres", "services"))
    return marks or "django_db_setup" in getattr(item, "fixturenames", ())


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
