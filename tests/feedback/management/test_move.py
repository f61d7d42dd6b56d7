"""SQLite to PostgreSQL: every row, the same values, and nothing where something was."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from feedback.management.moving import Sum, has_nul, plain
from tests.databases import database
from tests.feedback.management.conftest import FILL, World

COUNTS = "from feedback.management.databases import rows_of; answer = rows_of('default')"
ODD = """
from tests import make
from feedback.responses.models import ResponseBody
from feedback.responses.ingest import ingest_rows
odd = {"big": 1e22, "zero": -0.0, "small": 1e-7, "text": "🦉 \\u2028"}
row = {"external_id": "odd", "prompt": "How?", "output": "So.", "metadata": odd}
ingest_rows(make.project("odd"), [row], batch=None)
"""
PROJECTS = """
from feedback.accounts.models import Project
answer = list(Project.objects.exclude(slug="after").order_by("pk").values_list("pk", "slug", "created_at"))
"""
METADATA = """
from feedback.responses.models import ResponseBody
answer = ResponseBody.objects.get(response__project__slug="odd").metadata
"""
LAST = "from tests import make; row = make.project('last'); answer = row.pk; row.delete()"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A filled instance on SQLite."""
    folder = tmp_path_factory.mktemp("small")
    world = World(folder, f"sqlite:///{folder / 'small.sqlite3'}", JOB_LEASE_SECONDS="120")
    assert world.command("migrate", "-v0")[0] == 0
    world.run(FILL)
    yield world
    world.close()


@dataclass
class Moved:
    """What the command said, and both sides after it."""

    told: dict[str, Any]
    before: dict[str, int]
    after: dict[str, int]
    world: World
    last: int  # the id of a row that was deleted before


@pytest.fixture(scope="module")
def moved(small: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    """The small instance, moved to a database with nothing in it."""
    small.run(ODD)
    last, before = small.run(LAST), small.run(COUNTS)
    with database(tmp_path_factory.mktemp("moved")) as target:
        told, world = small.done("move", "--to", target), World(small.folder, target)
        yield Moved(told, before, world.run(COUNTS), world, last)
        world.close()


@pytest.fixture
def target(migrated: str, tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL database that is migrated already, and empty."""
    with database(tmp_path, migrated) as address:
        yield address


@contextlib.contextmanager
def spoilt(world: World, statement: str, back: str) -> Iterator[None]:
    """Something in the file that PostgreSQL cannot hold, as another program may have left it."""
    with contextlib.closing(sqlite3.connect(world.folder / "small.sqlite3")) as file:
        file.executescript(f"PRAGMA ignore_check_constraints=ON; {statement};")
        try:
            yield
        finally:
            file.executescript(f"{back};")


@pytest.mark.postgres
def test_everything_arrives_as_it_was(small: World, moved: Moved) -> None:
    assert moved.told["verified"] > 30
    assert {table: moved.after[table] for table in moved.before if table != "sqlite_sequence"} == moved.before
    assert moved.told["rows"] == sum(count for table, count in moved.before.items() if table != "django_migrations")
    assert moved.world.run(PROJECTS) == small.run(PROJECTS)
    assert moved.world.run(METADATA) == {"big": 1e22, "zero": 0, "small": 1e-7, "text": "🦉 \u2028"}


@pytest.mark.postgres
def test_ids_of_deleted_rows_are_never_given_again(moved: Moved) -> None:
    assert moved.world.run("from tests import make; answer = make.project('after').pk") > moved.last


@pytest.mark.postgres
def test_a_target_with_anything_in_it_is_left_alone(small: World, tmp_path: Path) -> None:
    with database(tmp_path) as target:
        with psycopg.connect(target) as there:
            there.execute("CREATE TABLE mine AS SELECT 1 AS one")
        code, why, _ = small.command("move", "--to", target)
        assert (code, "not empty" in why) == (1, True)
        with psycopg.connect(target) as there:
            tables = there.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            assert tables.fetchall() == [("mine",)]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("statement", "back", "why"),
    [
        (
            "UPDATE queues_queue SET name = 'a' || char(0) || 'b' WHERE id = 1",
            "UPDATE queues_queue SET name = 'Claims' WHERE id = 1",
            "queues_queue 1: name has a NUL character",
        ),
        (
            "UPDATE queues_queue SET name = printf('%0500d', 7) WHERE id = 1",
            "UPDATE queues_queue SET name = 'Claims' WHERE id = 1",
            "queues_queue 1: name has 500 characters",
        ),
        (
            "UPDATE queues_queue SET k = 40000 WHERE id = 1",
            "UPDATE queues_queue SET k = 2 WHERE id = 1",
            "queues_queue 1: k is 40000, outside of",
        ),
    ],
)
def test_what_postgresql_cannot_hold_is_named_and_nothing_moves(
    small: World, target: str, statement: str, back: str, why: str
) -> None:
    with spoilt(small, statement, back):
        code, said, _ = small.command("move", "--to", target)
    assert code == 1
    assert why in said
    with psycopg.connect(target) as there:
        assert there.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_told(small: World) -> None:
    code, why, _ = small.command("move", "--to", "postgres://nobody@127.0.0.1:1/none")
    assert (code, "cannot be reached" in why) == (1, True)


@pytest.mark.postgres
def test_the_target_must_be_postgresql(small: World) -> None:
    code, why, _ = small.command("move", "--to", "sqlite:///other")
    assert (code, "looks like postgres://" in why) == (1, True)


def test_the_order_of_rows_does_not_matter_and_every_value_does() -> None:
    one, other, wrong = Sum(), Sum(), Sum()
    for row in [(1, "a"), (2, "b")]:
        one.add(row)
    for row in [(2, "b"), (1, "a")]:
        other.add(row)
    for row in [(1, "b"), (2, "a")]:
        wrong.add(row)
    assert one.hex == other.hex != wrong.hex


def test_json_is_compared_as_postgresql_writes_it() -> None:
    assert plain({"a": [1e22, -0.0, 1.5]}) == {"a": [10**22, 0.0, 1.5]}
    assert repr(plain(-0.0)) == "0.0"


def test_a_nul_is_found_in_keys_and_depths() -> None:
    assert has_nul({"a": [{"b\x00": 1}]})
    assert has_nul(["x\x00"])
    assert not has_nul({"a": ["\\u0000", 1, None]})
