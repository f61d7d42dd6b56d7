"""People with fixed meaning, on the real database."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.fixtures import Settings

from feedback.accounts import rates
from feedback.accounts.models import Member, Project
from tests import make


@pytest.fixture(autouse=True)
def own_windows(settings: Settings) -> None:
    """Nobody's requests of another test count against the rate limits of this one."""
    settings.RATE_LIMIT_STORAGE = "memory://"
    rates.windows.cache_clear()


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this run has no server for; `make check` brings them all."""
    here = {
        "postgres": settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
        "services": bool(settings.REDIS_URL),
        "contracts": "CONTRACTS_PYTHON" in os.environ,
    }
    for item in items:
        for marker, present in here.items():
            if item.get_closest_marker(marker) and not present:
                item.add_marker(pytest.mark.skip(reason=f"needs what the marker '{marker}' stands for"))
