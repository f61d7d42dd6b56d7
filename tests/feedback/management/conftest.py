"""Whole instances, each with a database and files of its own, and commands run inside them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import database
from tests.faults.instance import Instance

COMMAND = """
import io
from django.core.management import CommandError, call_command
out, err = io.StringIO(), io.StringIO()
try:
    call_command(*{words!r}, stdout=out, stderr=err)
    answer = [0, out.getvalue(), err.getvalue()]
except CommandError as error:
    answer = [error.returncode, str(error), err.getvalue()]
"""


# A little of everything with a life of its own: reviews, verdicts, a frozen version, files. Each promise holds in it.
FILL = """
import uuid
from feedback import jobs
from feedback.audit.tasks import seal
from feedback.datasets import exports
from feedback.datasets.models import Dataset, DatasetVersion, Export
from reviews.quality.settle import settle_complete_items
from reviews.queues import claim, submit
from tests import make
project = make.project("travel")
queue, member = make.queue(project, k=1), make.member(project, "reviewer")
make.items(queue, 6)
while held := claim.claim(queue, member):
    submit.submit(held.token, member, make.ANSWERS, submission_id=uuid.uuid4())
assert settle_complete_items() == 6
version = Dataset.objects.create(project=project, key="all", name="All", shares={"train": 1.0}).build()
jobs.run(DatasetVersion, version.pk)
version.refresh_from_db()
for shape in ("votes", "revision"):
    jobs.run(Export, exports.request(version, shape).pk)
assert Export.objects.filter(state="done", n_rows__gt=0).exists()
seal()
"""


class World(Instance):
    def command(self, *words: object) -> tuple[int, str, str]:
        """Code, what it said (or why it failed), and its warnings."""
        code, said, warned = self.run(COMMAND.format(words=[str(word) for word in words]))
        return code, said, warned

    def done(self, *words: object) -> Any:
        """The JSON of a command that must succeed."""
        code, said, warned = self.command(*words, "--json")
        assert code == 0, (said, warned)
        return json.loads(said)

    @property
    def files(self) -> dict[str, bytes]:
        root = self.folder / "files"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def full(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A filled instance on the kind of database of this run. Tests only add to it."""
    with fresh(tmp_path_factory.mktemp("full"), migrated) as world:
        world.run(FILL)
        yield world


@contextlib.contextmanager
def fresh(folder: Path, original: str = "") -> Iterator[World]:
    """An instance that nobody has used, on a copy of `original` or on nothing."""
    with database(folder, original) as address:
        world = World(folder, address, JOB_LEASE_SECONDS="120")
        try:
            yield world
        finally:
            world.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[World]:
    """Another machine, as it were: an empty database, no files."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with fresh(folder) as world:
        yield world
