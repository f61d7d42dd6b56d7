"""What a version has that an earlier one had not: pages, a stream, and what a keeper of copies makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets import changes, succession
from feedback.datasets.models import DatasetVersion
from feedback.judgements.models import Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared


@pytest.fixture
def two(compared: Compared, built: Built) -> tuple[DatasetVersion, DatasetVersion]:
    """The second has two pairs more, and one less."""
    verdicts = [compared(votes) for votes in ("AAA", "AAB", "BBB")]
    first = built()
    Verdict.objects.filter(pk=verdicts[1].pk).update(is_current=False, superseded_at=timezone.now())
    compared("AAA")
    compared("BBA")
    return first, built()


def ids(version: DatasetVersion) -> set[str]:
    return set(version.pairs.values_list("pair_id", flat=True))


def applied(have: set[str], records: list[dict[str, Any]]) -> set[str]:
    for record in records:
        have = have - {record["pair_id"]} if record["change"] == "removed" else have | {record["pair_id"]}
    return have


@pytest.mark.parametrize("block", [1, 2, 2000])
def test_applied_to_the_older_one_they_give_the_newer(
    two: tuple[DatasetVersion, DatasetVersion], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "BLOCK", block)
    older, newer = two
    records = list(changes.records(older, newer))
    assert [record["change"] for record in records].count("added") == 2
    assert applied(ids(older), records) == ids(newer)
    assert list(changes.records(newer, newer)) == []


def test_a_pair_that_went_says_why_and_shows_no_text(two: tuple[DatasetVersion, DatasetVersion]) -> None:
    (gone,) = (record for record in changes.records(*two) if record["change"] == "removed")
    assert set(gone) == {"change", "pair_id", "split", "reason"}
    assert gone["reason"] == "its verdict was replaced by another one"


def test_a_tombstone_gives_its_reason(compared: Compared, built: Built) -> None:
    compared("AAA")
    ended = compared("AAB")
    version = built()
    Verdict.objects.filter(pk=ended.pk).update(is_current=False, superseded_at=timezone.now())
    heir = succession.replace(version)
    assert heir is not None
    jobs.run(DatasetVersion, heir.pk)
    heir.refresh_from_db()
    (gone,) = changes.records(version, heir)
    assert gone["reason"] == succession.WHY["ended"]


def test_a_pair_with_other_votes_is_changed(
    compared: Compared, built: Built, reviewers: list[Member], project: Project
) -> None:
    verdict = compared("AAA")
    first = built()
    old = Verdict.objects.get(pk=verdict.pk)
    Verdict.objects.filter(pk=old.pk).update(is_current=False, superseded_at=timezone.now())
    answers = {**old.answers, "better": {**old.answers["better"], "share": 0.75}}
    old.pk, old.answers, old.is_current, old.superseded_at = None, answers, True, None
    old.save(force_insert=True)
    (record,) = changes.records(first, built())
    assert record["change"] == "changed"
    assert record["prompt"]


def test_rest_pages_through_them(two: tuple[DatasetVersion, DatasetVersion], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "BLOCK", 2)
    older, newer = two
    client = Client(headers={"Authorization": f"Bearer {make.api_key(newer.project, 'datasets:read')}"})
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(f"/api/v1/dataset-versions/{newer.pk}/changes/?since={older.number}&cursor={cursor}").json()
        found += answer["results"]
        cursor = answer["next"]
    assert found == json.loads(json.dumps(list(changes.records(older, newer))))


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("?since=x", 400), ("?since=77", 404), ("?since=1&cursor=../1", 400)]
)
def test_rest_refuses_what_it_cannot_read(two: tuple[DatasetVersion, DatasetVersion], query: str, status: int) -> None:
    client = Client(headers={"Authorization": f"Bearer {make.api_key(two[1].project, 'datasets:read')}"})
    assert client.get(f"/api/v1/dataset-versions/{two[1].pk}/changes/{query}").status_code == status


def test_the_page_streams_them(two: tuple[DatasetVersion, DatasetVersion], curator: Member, client_of: Any) -> None:
    older, newer = two
    answer = client_of(curator).get(f"{newer.get_absolute_url()}changes/?since={older.number}")
    lines = b"".join(answer.streaming_content).splitlines()
    assert [json.loads(line)["change"] for line in lines].count("removed") == 1
    assert "v1-to-v2" in answer["Content-Disposition"]


def test_versions_of_another_dataset_are_not_there(
    two: tuple[DatasetVersion, DatasetVersion], outsider: Member, client_of: Any
) -> None:
    assert client_of(outsider).get(f"{two[1].get_absolute_url()}changes/?since=1").status_code == 404
