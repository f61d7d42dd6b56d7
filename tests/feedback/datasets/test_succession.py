"""Rows that stand no more: their version is marked, and one without them follows, with a tombstone for each."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import exports, succession
from feedback.datasets.chain import rows_hash
from feedback.datasets.models import Dataset, DatasetVersion, Export, VersionRow
from feedback.datasets.statistics import empty, summary
from feedback.judgements.models import Review, Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


@pytest.fixture
def version(project: Project, compared: Compared, rated: Rated, built: Built) -> DatasetVersion:
    for votes in ("AAA", "AAB", "TT", "AAA", "BBA"):
        compared(votes)
    for n in range(3):
        response = make.response(project, f"Answer {n}")
        rated(response, 2, rewrite={"response": response.pk, "text": f"A much better answer {n}"})
    return built()


def ended(version: DatasetVersion, position: int = 0, **review: Any) -> Verdict:
    """The verdict of a pair, ended; its first review as told."""
    verdict = version.pairs.get(position=position).verdict
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False, superseded_at=timezone.now())
    Review.objects.filter(pk=verdict.review_ids[0]).update(**review)
    return verdict


def followed(version: DatasetVersion) -> DatasetVersion:
    heir = succession.replace(version)
    assert heir is not None
    jobs.run(DatasetVersion, heir.pk)
    heir.refresh_from_db()
    version.refresh_from_db()
    return heir


def contents(version: DatasetVersion) -> list[tuple[str, Any, Any]]:
    return list(version.pairs.order_by("position").values_list("pair_id", "chosen", "provenance"))


def test_a_version_that_stands_has_nothing_to_replace(version: DatasetVersion) -> None:
    assert succession.stale(version) == {}
    assert succession.replace(version) is None


def test_the_next_one_has_the_same_rows_without_those(version: DatasetVersion) -> None:
    before, gone = contents(version), version.pairs.get(position=1).pair_id
    ended(version, 1, invalidated_at=timezone.now())
    heir = followed(version)
    assert (heir.state, heir.parent_id, heir.leaves_out) == ("done", version.pk, True)
    assert contents(heir) == [row for row in before if row[0] != gone]
    assert list(heir.pairs.order_by("position").values_list("position", flat=True)) == list(range(len(before) - 1))
    assert heir.counts["gone"] == {"invalidated": 1}
    tombstone = heir.rows.get(kind=VersionRow.Kind.GONE, key=gone)
    assert (tombstone.reason, tombstone.data["was_at"]) == ("invalidated", 1)
    assert rows_hash(heir) == heir.rows_sha256


def test_the_old_one_is_marked_and_keeps_its_rows(version: DatasetVersion) -> None:
    before = contents(version)
    ended(version, withdrawn_at=timezone.now())
    heir = followed(version)
    assert version.superseded_by_id == heir.pk
    assert version.superseded_for == {"withdrawn": 1}
    assert version.superseded_at is not None
    assert contents(version) == before


def test_its_files_stay_unless_rows_were_erased(version: DatasetVersion) -> None:
    file = exports.request(version, "preference")
    jobs.run(Export, file.pk)
    ended(version)
    followed(version)
    assert Export.objects.get(pk=file.pk).withdrawn_at is None
    succession.mark(version.pk, {succession.ERASED: 1})
    assert Export.objects.get(pk=file.pk).withdrawn_at is not None


def test_reasons_are_told_apart(version: DatasetVersion) -> None:
    for position, fields in enumerate(({"invalidated_at": timezone.now()}, {"withdrawn_at": timezone.now()}, {})):
        old = ended(version, position, **fields)
    Verdict.objects.create(
        project_id=old.project_id, subject_id=old.subject_id, rubric_version_id=old.rubric_version_id,
        origin=old.origin, method=old.method, answers={}, n_reviews=0,
    )  # fmt: skip
    assert succession.stale(version) == {"invalidated": 1, "replaced": 1, "withdrawn": 1}


def test_votes_cases_and_what_was_left_out_go_with_their_verdict(version: DatasetVersion) -> None:
    alone = version.pairs.filter(source="correction").first()
    assert alone is not None
    key = str(ended(version, alone.position).pk)
    heir = followed(version)
    assert version.rows.filter(kind="case", key=key).exists()
    assert not heir.rows.filter(kind="case", key=key).exists()
    assert heir.counts["cases"] == version.counts["cases"] - 1
    assert heir.counts["verdicts"] == version.counts["verdicts"] - 1
    assert set(heir.statistics) == set(summary(empty()))


def test_a_version_under_way_takes_its_place(version: DatasetVersion, dataset: Dataset) -> None:
    under_way = dataset.build()
    ended(version)
    assert succession.replace(version) == under_way


@pytest.mark.parametrize("every", [1, 2])
def test_killed_at_each_chunk_it_ends_the_same(
    version: DatasetVersion, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "ROWS", 2)
    ended(version, 2)
    heir = succession.replace(version)
    assert heir is not None
    attempts = killed_and_taken_over(heir, every)
    assert attempts > 3
    heir.refresh_from_db()
    twin = DatasetVersion.objects.create(
        project=heir.project, dataset=heir.dataset, number=99, rule=heir.rule, parent=version, leaves_out=True
    )
    jobs.run(DatasetVersion, twin.pk)
    twin.refresh_from_db()
    assert (heir.rows_sha256, heir.counts, heir.statistics) == (twin.rows_sha256, twin.counts, twin.statistics)
    assert contents(heir) == contents(twin)


def killed_and_taken_over(version: DatasetVersion, every: int) -> int:
    """Each worker does so many chunks, and dies in the next one before its commit; the number of workers."""
    for worker in range(1, 100):
        DatasetVersion.objects.filter(pk=version.pk, state="running").update(
            lease_until=timezone.now(), cursor=fresh(version)
        )
        attempt = jobs.claim(DatasetVersion, version.pk)
        if attempt is None:
            return worker - 1
        for _ in range(every):
            if not jobs.run_chunk(DatasetVersion, version.pk, attempt):
                return worker
        dies(version, attempt)
    raise AssertionError("It never ends.")


def fresh(version: DatasetVersion) -> Any:
    """The cursor as it was committed, without the count of tries that stops a job which kills its workers."""
    cursor = DatasetVersion.objects.values_list("cursor", flat=True).get(pk=version.pk)
    cursor.pop(jobs.TRIES, None)
    return cursor


def dies(version: DatasetVersion, attempt: int) -> None:
    class Killed(BaseException):
        pass

    def step(self: DatasetVersion) -> bool:
        done(self)
        raise Killed

    done = DatasetVersion.step
    DatasetVersion.step = step  # type: ignore[method-assign]
    try:
        with pytest.raises(Killed):
            jobs.run_chunk(DatasetVersion, version.pk, attempt)
    finally:
        DatasetVersion.step = done  # type: ignore[method-assign]


def test_a_build_killed_in_each_chunk_gives_the_same_bytes(
    version: DatasetVersion, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.datasets.snapshot.BLOCK", 2)
    whole, killed = dataset.build(), None
    jobs.run(DatasetVersion, whole.pk)
    killed = dataset.build()
    assert killed_and_taken_over(killed, 1) > 4
    whole.refresh_from_db()
    killed.refresh_from_db()
    assert (killed.state, killed.rows_sha256, killed.counts) == ("done", whole.rows_sha256, whole.counts)
    assert killed.statistics == whole.statistics
    files = [exports.request(one, "preference") for one in (whole, killed)]
    for file in files:
        jobs.run(Export, file.pk)
        file.refresh_from_db()
    assert files[0].sha256 == files[1].sha256


def test_nothing_of_a_version_is_shown_before_it_is_whole(
    version: DatasetVersion, dataset: Dataset, curator: Member, client_of: Any
) -> None:
    half = dataset.build()
    attempt = jobs.claim(DatasetVersion, half.pk)
    assert attempt is not None
    assert jobs.run_chunk(DatasetVersion, half.pk, attempt)
    assert jobs.run_chunk(DatasetVersion, half.pk, attempt)
    client = client_of(curator)
    known = client.get(f"/api/v1/preference-pairs/?dataset={dataset.key}&version={half.number}")
    assert known.status_code == 404
    file = client.post(f"/p/travel/datasets/{dataset.key}/versions/{half.number}/exports/", {"shape": "preference"})
    assert file.status_code == 422
    assert dataset.newest() == version
