"""The person, in files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from feedback.accounts.models import Project
from tests.feedback.erasures.world import Person


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "files"


@pytest.fixture
def person(project: Project) -> Person:
    return Person(project)
