"""A version is of one moment, however much is settled, superseded and exported while it is built (F28)."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models.functions import Now

from feedback import jobs
from feedback.datasets import exports, snapshot, writing
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.judgements.models import Verdict
from tests.feedback.datasets.conftest import Compared

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

STANDING = 12  # verdicts at every moment: each new one takes the place of the oldest


class World:
    """Moves as long as the block lasts: a verdict comes and another goes, in one transaction."""

    def __init__(self, compared: Compared) -> None:
        self.compared, self.stop = compared, threading.Event()
        self.moves, self.moved = 0, threading.Condition()
        self.thread = threading.Thread(target=self.move)

    def move(self) -> None:
        try:
            while not self.stop.is_set():
                with transaction.atomic():
                    oldest = Verdict.objects.current().order_by("pk").values_list("pk", flat=True)[:1].get()
                    Verdict.objects.filter(pk=oldest).update(is_current=False, superseded_at=Now())
                    self.compared("AAB")
                with self.moved:
                    self.moves += 1
                    self.moved.notify_all()
        finally:
            connection.close()

    def wait(self, moves: int = 2) -> None:
        with self.moved:
            wanted = self.moves + moves
            assert self.moved.wait_for(lambda: self.moves >= wanted, timeout=60)

    def __enter__(self) -> World:
        self.thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop.set()
        self.thread.join(60)


def test_a_version_is_of_one_moment_while_the_world_moves(
    compared: Compared, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 4)
    monkeypatch.setattr(writing, "CHUNK", 3)
    for _ in range(STANDING):
        compared("AAA")
    dataset = Dataset.objects.create(project=project, key="d", name="D", shares={"train": 1.0})
    made: list[int] = []
    with World(compared) as world:
        for _ in range(5):
            world.wait()
            version = dataset.build()
            attempt = jobs.claim(DatasetVersion, version.pk) or 0
            while jobs.run_chunk(DatasetVersion, version.pk, attempt):
                world.wait()
            export = exports.request(version, "preference")
            attempt = jobs.claim(Export, export.pk) or 0
            while jobs.run_chunk(Export, export.pk, attempt):
                world.wait()
            version.refresh_from_db()
            assert (version.state, version.counts["verdicts"], version.counts["pairs"]) == ("done", STANDING, STANDING)
            ids = sorted(version.pairs.values_list("verdict_id", flat=True))
            assert ids == sorted(Verdict.objects.filter(pk__gte=ids[0], pk__lte=ids[-1]).values_list("pk", flat=True))
            made.append(export.pk)
    for export in Export.objects.filter(pk__in=made):
        with default_storage.open(export.file) as file:
            assert hashlib.sha256(file.read()).hexdigest() == export.sha256 == export.manifest["sha256"]
        written = hashlib.sha256(b"".join(exports.rewritten(export))).hexdigest()
        assert (written, export.n_rows) == (export.sha256, STANDING)
