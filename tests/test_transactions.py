"""What watches over every test's transactions (tests/transactions.py) hears what it is to hear, and nothing else."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.template.loader import render_to_string
from pytest_django.fixtures import Settings

from tests.transactions import short

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    path = tmp_path / "kept"
    path.write_bytes(b"long")
    return path


def reach_nobody() -> None:
    with socket.socket() as line, contextlib.suppress(OSError):
        line.connect(("127.0.0.1", 1))


WAITS: dict[str, Callable[[Path], object]] = {
    "open": lambda kept: kept.read_bytes(),
    "connect": lambda kept: reach_nobody(),
    "Popen": lambda kept: subprocess.run(["true"], check=True),
    "rendering": lambda kept: render_to_string("components/empty.html"),
}


@pytest.mark.parametrize("name", WAITS)
def test_it_hears_of_waiting_in_a_transaction(name: str, kept: Path) -> None:
    with pytest.raises(AssertionError, match=f"{name}.* inside a transaction"), short(), transaction.atomic():
        WAITS[name](kept)


@pytest.mark.parametrize("name", WAITS)
def test_outside_of_one_anybody_may_wait(name: str, kept: Path) -> None:
    with short():
        WAITS[name](kept)


def test_files_are_written_and_renamed_in_transactions(kept: Path) -> None:
    with short(), transaction.atomic():
        with kept.open("ab") as file:
            file.write(b"er")
        kept.rename(kept.with_name("renamed"))
