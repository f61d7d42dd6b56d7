"""The API of datasets, for trainers and pipelines."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from django.test import Client

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion, Export
from tests import make
from tests.feedback.datasets.conftest import Built, Compared

API = "/api/v1"


@pytest.fixture
def trainer(project: Project) -> Client:
    """A program with a key that may read datasets."""
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:read')}"})


@pytest.fixture
def pipeline(project: Project) -> Client:
    """A program with a key that may build them."""
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:write')}"})


@pytest.fixture
def version(compared: Compared, built: Built) -> DatasetVersion:
    for votes in ("AAA", "AAB", "BBB", "AAAB", "TTT"):
        compared(votes)
    return built()


@pytest.mark.usefixtures("dataset")
def test_the_whole_way_from_build_to_file(pipeline: Client, compared: Compared) -> None:
    compared("AAA")
    begun = pipeline.post(f"{API}/datasets/answers/build/")
    assert (begun.status_code, begun.json()["state"]) == (202, "queued")
    jobs.run(DatasetVersion, begun.json()["id"])
    version = pipeline.get(f"{API}/dataset-versions/{begun.json()['id']}/").json()
    assert (version["state"], version["counts"]["pairs"], version["dataset"]) == ("done", 1, "answers")
    asked = pipeline.post(
        f"{API}/dataset-versions/{version['id']}/exports/", {"shape": "preference"}, content_type="application/json"
    )
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    jobs.run(Export, asked.json()["id"])
    export = pipeline.get(f"{API}/exports/{asked.json()['id']}/").json()
    data = pipeline.get(f"{API}/exports/{export['id']}/download/").getvalue()
    assert export["manifest"]["sha256"] == export["sha256"] == hashlib.sha256(data).hexdigest()


def test_building_again_while_under_way_is_the_same_version(pipeline: Client, version: DatasetVersion) -> None:
    ids = {pipeline.post(f"{API}/datasets/answers/build/").json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert version.pk not in ids


def test_the_list_names_the_newest_version(trainer: Client, version: DatasetVersion) -> None:
    found = trainer.get(f"{API}/datasets/").json()["results"]
    assert [(row["key"], row["newest_version"]) for row in found] == [("answers", version.pk)]


def test_a_download_is_streamed_with_its_checksum(trainer: Client, version: DatasetVersion) -> None:
    export = Export.objects.create(project=version.project, version=version, shape="preference")
    assert trainer.get(f"{API}/exports/{export.pk}/download/").status_code == 404
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    response = trainer.get(f"{API}/exports/{export.pk}/download/")
    data = response.getvalue()
    assert response.streaming
    assert hashlib.sha256(data).hexdigest() == response["X-Checksum-Sha256"] == export.sha256
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert response["Repr-Digest"] == f"sha-256=:{digest}:"
    assert response["Content-Length"] == str(export.n_bytes)


@pytest.fixture
def file(version: DatasetVersion) -> Export:
    export = Export.objects.create(project=version.project, version=version, shape="preference")
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    return export


def test_a_download_that_broke_off_goes_on(trainer: Client, file: Export) -> None:
    url = f"{API}/exports/{file.pk}/download/"
    whole = trainer.get(url)
    data = whole.getvalue()
    assert (whole["Accept-Ranges"], whole.has_header("Content-Range")) == ("bytes", False)
    rest = trainer.get(url, headers={"Range": "bytes=100-", "If-Range": whole["ETag"]})
    assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes 100-{len(data) - 1}/{len(data)}")
    assert rest["Content-Length"] == str(len(data) - 100)
    assert (rest["ETag"], rest["Repr-Digest"]) == (whole["ETag"], whole["Repr-Digest"])
    assert data[:100] + rest.getvalue() == data


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=10-19", slice(10, 20)),
        ("bytes=10-99999999", slice(10, None)),
        ("bytes=-5", slice(-5, None)),
    ],
)
def test_a_part_of_a_file_is_sent(trainer: Client, file: Export, wanted: str, part: slice) -> None:
    url = f"{API}/exports/{file.pk}/download/"
    data, answer = trainer.get(url).getvalue(), trainer.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.getvalue()) == (206, data[part])
    assert answer["Content-Length"] == str(len(data[part]))


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=-99999999"},
        {"Range": "bytes=0-"},
        {"Range": "bytes=20-10"},
        {"Range": "bytes=-"},
        {"Range": "bytes=0-1,5-6"},
        {"Range": "lines=1-2"},
        {"Range": "bytes=10-", "If-Range": '"another"'},
        {"Range": "bytes=10-", "If-Range": "Wed, 21 Oct 2026 07:28:00 GMT"},
    ],
)
def test_the_whole_file_is_sent_where_no_part_can_be_meant(
    trainer: Client, file: Export, headers: dict[str, str]
) -> None:
    answer = trainer.get(f"{API}/exports/{file.pk}/download/", headers=headers)
    assert (answer.status_code, len(answer.getvalue())) == (200, file.n_bytes)


@pytest.mark.parametrize("beyond", ["bytes={size}-", "bytes={size}-99999999", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(trainer: Client, file: Export, beyond: str) -> None:
    wanted = beyond.format(size=file.n_bytes)
    answer = trainer.get(f"{API}/exports/{file.pk}/download/", headers={"Range": wanted})
    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert answer["Content-Range"] == f"bytes */{file.n_bytes}"


def test_who_has_the_file_gets_no_part_of_it(trainer: Client, file: Export) -> None:
    headers = {"Range": "bytes=5-", "If-None-Match": f'"{file.sha256}"'}
    assert trainer.get(f"{API}/exports/{file.pk}/download/", headers=headers).status_code == 304


def test_an_export_of_a_version_under_way_is_refused(pipeline: Client, version: DatasetVersion) -> None:
    begun = version.dataset.build()
    url = f"{API}/dataset-versions/{begun.pk}/exports/"
    response = pipeline.post(url, {"shape": "votes"}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "version-not-complete")


def test_a_file_for_a_service_counts_what_it_leaves_out(pipeline: Client, version: DatasetVersion) -> None:
    url = f"{API}/dataset-versions/{version.pk}/exports/"
    export = pipeline.post(url, {"shape": "openai"}, content_type="application/json").json()
    assert export["split"] == "train"
    jobs.run(Export, export["id"])
    done = pipeline.get(f"{API}/exports/{export['id']}/").json()
    assert done["n_rows"] + sum(done["manifest"]["left_out"].values()) == version.pairs.filter(split="train").count()


def test_an_unknown_shape_is_refused(pipeline: Client, version: DatasetVersion) -> None:
    url = f"{API}/dataset-versions/{version.pk}/exports/"
    response = pipeline.post(url, {"shape": "parquet"}, content_type="application/json")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "/shape")


def test_a_finished_file_is_answered_at_once(pipeline: Client, version: DatasetVersion) -> None:
    url = f"{API}/dataset-versions/{version.pk}/exports/"
    export = pipeline.post(url, {"shape": "votes"}, content_type="application/json").json()
    jobs.run(Export, export["id"])
    again = pipeline.post(url, {"shape": "votes"}, content_type="application/json")
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, export["id"], "done")


def test_a_key_that_reads_does_not_build(trainer: Client, version: DatasetVersion) -> None:
    assert trainer.post(f"{API}/datasets/answers/build/").status_code == 403
    url = f"{API}/dataset-versions/{version.pk}/exports/"
    assert trainer.post(url, {"shape": "votes"}, content_type="application/json").status_code == 403


def test_a_key_for_something_else_sees_nothing(project: Project, version: DatasetVersion, anonymous: Client) -> None:
    ingest = Client(headers={"Authorization": f"Bearer {make.api_key(project, 'ingest')}"})
    for path in ("/datasets/", f"/dataset-versions/{version.pk}/", "/preference-pairs/?dataset=answers"):
        assert ingest.get(API + path).status_code == 403
        assert anonymous.get(API + path).status_code == 401


def test_another_project_is_not_there(other_project: Project, version: DatasetVersion) -> None:
    export = Export.objects.create(project=version.project, version=version, shape="preference")
    key = make.api_key(other_project, "datasets:write")
    stranger = Client(headers={"Authorization": f"Bearer {key}"})
    for path in (
        f"/dataset-versions/{version.pk}/",
        f"/exports/{export.pk}/",
        f"/exports/{export.pk}/download/",
        "/preference-pairs/?dataset=answers",
    ):
        assert stranger.get(API + path).status_code == 404
    assert stranger.post(f"{API}/datasets/answers/build/").status_code == 404
    assert stranger.post(f"{API}/dataset-versions/{version.pk}/exports/").status_code == 404
    assert stranger.get(f"{API}/datasets/").json()["results"] == []


def pairs(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get(f"{API}/preference-pairs/", {"dataset": "answers", **query})
    assert response.status_code == 200, response.json()
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def test_pairs_come_in_pages_without_gaps(trainer: Client, version: DatasetVersion) -> None:
    url, found = f"{API}/preference-pairs/?dataset=answers&page_size=3", []
    while url:
        page = trainer.get(url).json()
        found += [row["pair_id"] for row in page["results"]]
        url = page["next"]
    assert found == list(version.pairs.order_by("position").values_list("pair_id", flat=True))
    assert len(found) == 4


def test_pairs_are_filtered(trainer: Client, version: DatasetVersion) -> None:
    assert len(pairs(trainer, min_votes=4)) == 1
    assert len(pairs(trainer, min_share=0.9)) == 2
    assert len(pairs(trainer, min_strength=2)) == 4
    assert len(pairs(trainer, min_strength=2.5)) == 0
    assert len(pairs(trainer, source="rating")) == 0
    assert len(pairs(trainer, criterion="better")) == 4
    for split in ("train", "validation", "test"):
        assert len(pairs(trainer, split=split)) == version.pairs.filter(split=split).count()


def test_pairs_are_of_the_newest_complete_version(
    trainer: Client, version: DatasetVersion, compared: Compared, built: Built
) -> None:
    compared("AAA")
    second = built()
    second.dataset.build()
    assert len(pairs(trainer)) == second.pairs.count() == 5
    assert len(pairs(trainer, version=version.number)) == 4


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "dataset-needed"),
        ("?dataset=unknown", 404, "not-found"),
        ("?dataset=answers&version=9", 404, "no-version"),
        ("?dataset=answers&version=first", 400, "invalid"),
        ("?dataset=answers&version=99999999999999999999999", 400, "invalid"),
        ("?dataset=answers&split=dev", 400, "invalid"),
        ("?dataset=answers&min_share=2", 400, "invalid"),
        ("?dataset=answers&min_share=nan", 400, "invalid"),
    ],
)
def test_a_query_that_cannot_be_meant_is_explained(
    trainer: Client, version: DatasetVersion, query: str, status: int, code: str
) -> None:
    response = trainer.get(f"{API}/preference-pairs/{query}")
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_lists_ask_the_database_little(
    trainer: Client, version: DatasetVersion, django_assert_max_num_queries: Any
) -> None:
    for path in ("/datasets/", "/preference-pairs/?dataset=answers"):
        with django_assert_max_num_queries(6):
            assert trainer.get(API + path).status_code == 200


def test_a_signed_in_curator_may_use_it_too(curator: Member, moderator: Member, version: DatasetVersion) -> None:
    assert make.SignedIn(curator).get(f"{API}/dataset-versions/{version.pk}/").status_code == 200
    assert make.SignedIn(moderator).post(f"{API}/datasets/answers/build/").status_code == 403


def test_a_pair_comes_with_the_fields_that_were_asked_for(
    trainer: Client, version: DatasetVersion, django_assert_max_num_queries: Any
) -> None:
    whole = pairs(trainer)
    with django_assert_max_num_queries(6) as asked:
        some = pairs(trainer, fields="pair_id,vote_share", split="train", page_size=2)
    assert all(list(row) == ["pair_id", "vote_share"] for row in some)
    assert not any('"provenance"' in row["sql"] or '"prompt"' in row["sql"] for row in asked.captured_queries)
    for name in whole[0]:
        assert pairs(trainer, fields=name) == [{name: row[name]} for row in whole]


def test_pages_of_chosen_fields_have_no_gaps(trainer: Client, version: DatasetVersion) -> None:
    url, found = f"{API}/preference-pairs/?dataset=answers&page_size=1&fields=pair_id", []
    while url:
        page = trainer.get(url).json()
        found += [row["pair_id"] for row in page["results"]]
        url = page["next"]
    assert found == list(version.pairs.order_by("position").values_list("pair_id", flat=True))


def test_an_unknown_field_of_a_pair_is_refused_with_those_there_are(trainer: Client, version: DatasetVersion) -> None:
    answer = trainer.get(f"{API}/preference-pairs/?dataset=answers&fields=margin")
    assert answer.status_code == 400
    assert "pair_id, group_id, split" in answer.json()["errors"][0]["detail"]
