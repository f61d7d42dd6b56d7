"""The client before the real application, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from touchstone_client import Touchstone

from feedback.accounts.models import Member, Project
from tests import make

Connect = Callable[..., Touchstone]


@pytest.fixture
def naps() -> list[float]:
    """How long the client would have slept, each time."""
    return []


@pytest.fixture
def connect(
    live_server: Any, project: Project, naps: list[float], settings: Settings, tmp_path: Any
) -> Iterator[Connect]:
    """`connect("ingest")` is a program with a key of that scope; `member=` makes it that person's."""
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "files"
    opened: list[Touchstone] = []

    def client(*scopes: str, member: Member | None = None, url: str = "", **options: Any) -> Touchstone:
        key = make.api_key(project, *scopes, member=member)
        opened.append(Touchstone(url or live_server.url, key, sleep=naps.append, **options))
        return opened[-1]

    yield client
    for one in opened:
        one.close()
