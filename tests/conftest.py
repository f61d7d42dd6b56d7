"""People with fixed meaning, on the real database."""

from __future__ import annotations

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from tests import make


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
