"""Two tenants: `attacker` may do everything in one project, and `theirs` holds what must stay out of reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member, Project
from tests import make
from tests.addresses import SAMPLES, Kwargs
from tests.attacks.parameters import NamesOf, asked_by, of_the_room
from tests.attacks.tenants import mark_all, victim


@dataclass
class Theirs:
    """The other tenant, and for each route what its address would name there."""

    member: Member
    kwargs: dict[str, Kwargs]

    @property
    def project(self) -> Project:
        return self.member.project


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.RATE_LIMIT = settings.RATE_LIMIT_FAILED = ""


@pytest.fixture(params=[asked_by, pytest.param(of_the_room, marks=pytest.mark.proof)])
def names_of(request: pytest.FixtureRequest, settings: Settings) -> NamesOf:
    """`names_of(browser, path)` are the parameters to try there: those it looks up, or all that any page might."""
    settings.MIDDLEWARE = ["tests.attacks.parameters.noting", *settings.MIDDLEWARE]
    chosen: NamesOf = request.param
    return chosen


@pytest.fixture
def theirs(db: None) -> Theirs:
    member = victim()
    kwargs = {route: sample(member.project, someone(route, member)) for route, sample in SAMPLES.items()}
    mark_all(member.project)
    return Theirs(Member.objects.select_related("project", "user").get(pk=member.pk), kwargs)


@pytest.fixture
def attacker(theirs: Theirs, project: Project) -> Member:
    """An admin of another project: every verb there is, so that no refusal hides a hole.

    Made after the other tenant, whose marks are on every row there was.
    """
    return make.member(project, "admin", name="Eve")


def someone(route: str, member: Member) -> Member:
    """The other tenant's admin; for a route of a person's own account somebody else each time, with one factor each."""
    return member if ":" in route else make.member(member.project)
