"""Building versions: frozen, complete, the same after any interruption, and one at a time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import chain, snapshot
from feedback.datasets.models import Dataset, DatasetVersion, PreferencePair, VersionRow
from feedback.judgements.models import Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 3)


def frozen(version: DatasetVersion) -> list[dict[str, Any]]:
    """Everything that a version holds but its own keys."""
    pairs = [{k: v for k, v in row.items() if k not in {"id", "version_id"}} for row in version.pairs.values()]
    rows: Any = version.rows.exclude(kind="verdicts").values("kind", "position", "key", "reason", "data")
    return sorted([*pairs, *rows], key=lambda row: json.dumps(row, sort_keys=True))


def abandoned(version: DatasetVersion, chunks: int) -> None:
    """A worker takes the job, works some chunks and is never heard of again."""
    attempt = jobs.claim(DatasetVersion, version.pk)
    assert attempt
    for _ in range(chunks):
        assert jobs.run_chunk(DatasetVersion, version.pk, attempt)
    DatasetVersion.objects.filter(pk=version.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_an_empty_project_gives_an_empty_version(built: Built) -> None:
    version = built()
    assert (version.state, version.total, version.counts["pairs"]) == ("done", 0, 0)
    assert version.rows_sha256 == chain.rows_hash(version)


def test_it_counts_what_went_in_and_what_was_left_out(compared: Compared, built: Built) -> None:
    for votes in ("AAA", "AAB", "BBB", "AB", "XX", "TT"):
        compared(votes)
    version = built()
    assert version.counts["verdicts"] == version.counts["candidates"] == 6
    assert version.counts["excluded"] == {"both_bad": 1, "tie": 2}
    assert version.counts["pairs"] == version.pairs.count() == 3
    assert version.counts["votes"] == 15
    assert (version.done, version.total) == (6, 6)


def test_the_stored_rows_give_the_hash_that_was_chained(
    project: Project, compared: Compared, rated: Rated, built: Built
) -> None:
    compared("AAB", inclusion_probability=1e-7)
    compared("AAA", inclusion_probability=1.0, strength=1)
    rated(make.response(project, "Ja. 🙂\u2028é", question="How?"), 4, 5)
    rated(make.response(project, "Nein.", question="How?"), 1, 1)
    version = built(rating_criterion="helpful")
    assert version.pairs.count() == 3
    assert version.rows_sha256 == chain.rows_hash(version)


def test_the_same_data_gives_the_same_version(compared: Compared, built: Built) -> None:
    for votes in ("AAA", "BBA", "AB"):
        compared(votes)
    first, second = built(), built()
    assert (first.number, second.number, second.parent_id) == (1, 2, first.pk)
    assert first.rows_sha256 == second.rows_sha256
    assert frozen(first) == frozen(second)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_build_that_was_abandoned_ends_the_same(
    compared: Compared, built: Built, dataset: Dataset, chunks: int
) -> None:
    for votes in ("AAA", "BBA", "AB", "AAA", "XX", "BBB", "AAB"):
        compared(votes)
    whole, killed = built(), dataset.build()
    abandoned(killed, chunks)
    jobs.run(DatasetVersion, killed.pk)
    killed.refresh_from_db()
    assert (killed.state, killed.attempt) == ("done", 2)
    assert frozen(killed) == frozen(whole)
    assert killed.counts == whole.counts


@pytest.mark.usefixtures("small_blocks")
def test_a_chunk_that_breaks_leaves_nothing_behind(
    compared: Compared, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        compared("AAA")
    version = dataset.build()
    attempt = jobs.claim(DatasetVersion, version.pk)
    assert attempt
    assert jobs.run_chunk(DatasetVersion, version.pk, attempt)
    monkeypatch.setitem(jobs.__dict__, "lease", lambda: 1 / 0)  # dies after the rows, before the commit
    with pytest.raises(ZeroDivisionError):
        jobs.run_chunk(DatasetVersion, version.pk, attempt)
    assert not version.pairs.exists()
    monkeypatch.undo()
    while jobs.run_chunk(DatasetVersion, version.pk, attempt):
        pass
    version.refresh_from_db()
    assert version.counts["pairs"] == version.pairs.count() == 5


@pytest.mark.usefixtures("small_blocks")
def test_what_is_settled_during_a_build_waits_for_the_next(compared: Compared, dataset: Dataset, built: Built) -> None:
    verdicts = [compared("AAA") for _ in range(5)]
    version = dataset.build()
    abandoned(version, 2)
    late = compared("AAA")
    Verdict.objects.filter(pk=verdicts[-1].pk).update(is_current=False, superseded_at=Now())
    jobs.run(DatasetVersion, version.pk)
    assert set(version.pairs.values_list("verdict_id", flat=True)) == {verdict.pk for verdict in verdicts}
    assert set(built().pairs.values_list("verdict_id", flat=True)) == {late.pk, *(v.pk for v in verdicts[:-1])}


@pytest.mark.usefixtures("small_blocks")
def test_ratings_of_one_question_meet_whatever_the_blocks(project: Project, rated: Rated, built: Built) -> None:
    for question in ("One?", "Two?"):
        for points in range(1, 6):
            rated(make.response(project, f"Answer {points}", question=question), points)
    assert built(rating_criterion="helpful").counts["pairs"] == 2 * 10


def test_rows_are_frozen(compared: Compared, built: Built) -> None:
    compared("AAA")
    version = built()
    for rows, change in (
        (PreferencePair.objects.all(), {"criterion": "other"}),
        (VersionRow.objects.all(), {"reason": "other"}),
        (DatasetVersion.objects.all(), {"counts": {}}),
        (version.dataset.group_splits.all(), {"group": "other"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def test_a_rule_that_cannot_be_read_fails_with_its_reason(compared: Compared, built: Built) -> None:
    compared("AAA")
    version = built(min_votes=0)
    assert (version.state, version.error) == ("failed", "min_votes must be at least 1.")
    version = built(colour="red")
    assert version.state == "failed"
    assert "colour" in version.error


@pytest.mark.usefixtures("small_blocks")
def test_a_failed_build_keeps_no_rows(compared: Compared, dataset: Dataset, built: Built) -> None:
    for _ in range(5):
        compared("AAA")
    version = dataset.build()
    abandoned(version, 2)
    assert version.pairs.exists()
    version.cancel()
    assert not version.pairs.exists()
    assert not version.rows.exists()
    assert built().number == 2


def test_building_twice_begins_one_version(dataset: Dataset) -> None:
    assert dataset.build() == dataset.build()
    assert dataset.versions.count() == 1


def test_the_number_of_statements_does_not_grow_with_the_block(
    compared: Compared, dataset: Dataset, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        compared("AAA")
    version = dataset.build()
    attempt = jobs.claim(DatasetVersion, version.pk)
    assert attempt
    jobs.run_chunk(DatasetVersion, version.pk, attempt)
    with django_assert_max_num_queries(26):
        jobs.run_chunk(DatasetVersion, version.pk, attempt)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_build_at_once_get_one_version(dataset: Dataset) -> None:
    def ask(_: int) -> int:
        try:
            return Dataset.objects.get(pk=dataset.pk).build().pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert dataset.versions.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_version_write_every_row_once(
    compared: Compared, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 2)
    for _ in range(12):
        compared("AAA")
    version = dataset.build()

    def work(_: int) -> None:
        try:
            jobs.run(DatasetVersion, version.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    version.refresh_from_db()
    assert (version.state, version.attempt, version.pairs.count()) == ("done", 1, 12)
    assert not version.pairs.exclude(project_id=F("version__project_id")).exists()
