"""Lineage both ways: what a pair came from, and which versions used a response or a reviewer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.datasets import lineage
from feedback.datasets.models import DatasetVersion
from feedback.responses.models import Response
from tests import make
from tests.feedback.datasets.conftest import Built, Compared


@pytest.fixture
def version(project: Project, compared: Compared, built: Built) -> DatasetVersion:
    prompt = make.prompt_version(project)
    first, second = (
        make.response(project, text, question="How long?", prompt_version=prompt, passages=["Thirty days."])
        for text in ("30 days.", "60 days.")
    )
    compared("AAB", pair=(first, second), rule_label="Daily 2", inclusion_probability=0.25)
    return built()


def program(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:read')}"})


def test_a_pair_names_all_that_it_came_from(version: DatasetVersion, reviewers: list[Member]) -> None:
    pair = version.pairs.get()
    answer = program(version.project).get(f"/api/v1/dataset-versions/{version.pk}/pairs/{pair.pair_id}/")
    told = answer.json()
    assert [review["reviewer"] for review in told["reviews"]] == [one.pseudonym for one in reviewers[:3]]
    assert told["sampling"] == {"rule": "Daily 2", "inclusion_probability": 0.25}
    assert told["rubric"]["version"] == 1
    assert [response["side"] for response in told["responses"]] == ["chosen", "rejected"]
    assert told["responses"][0]["prompt"]["label"] == "v1"
    assert told["responses"][0]["passages"][0]["title"] == "Source 1"
    assert told["versions"] == [{"id": version.pk, "number": 1}]


def test_its_page_leads_there(
    version: DatasetVersion,
    curator: Member,
    reviewers: list[Member],
    client_of: Any,
    django_assert_max_num_queries: Any,
) -> None:
    pair = version.pairs.get()
    browser = client_of(curator)
    with django_assert_max_num_queries(12):
        page = browser.get(f"{version.get_absolute_url()}pairs/{pair.pair_id}/").content.decode()
    for person in reviewers[:3]:
        assert f"/of-reviewer/{person.pseudonym}/" in page
    assert "Daily 2" in page
    assert f"/responses/{pair.rejected_response_id}/" in page


def test_a_response_names_its_versions(version: DatasetVersion) -> None:
    response = Response.objects.get(pk=version.pairs.get().rejected_response_id)
    (use,) = (
        program(version.project)
        .get(f"/api/v1/dataset-versions/uses/?response={response.external_id}")
        .json()["results"]
    )
    assert (use["dataset"], use["number"], use["pairs"]) == ("answers", 1, 1)


def test_a_reviewer_names_their_versions(version: DatasetVersion, reviewers: list[Member]) -> None:
    client = program(version.project)
    counted, other = (
        client.get(f"/api/v1/dataset-versions/uses/?reviewer={one.pseudonym}").json()["results"]
        for one in (reviewers[0], reviewers[4])
    )
    assert [use["pairs"] for use in counted] == [1]
    assert other == []


@pytest.mark.parametrize("query", ["", "?response=a&reviewer=b", "?response=%00", "?reviewer=%00"])
def test_one_of_the_two_is_named(version: DatasetVersion, query: str) -> None:
    assert program(version.project).get(f"/api/v1/dataset-versions/uses/{query}").status_code == 400


def test_a_reviewer_sees_their_own_and_nobody_elses(
    version: DatasetVersion, reviewers: list[Member], client_of: Any
) -> None:
    client = client_of(reviewers[0])
    own = client.get(f"/p/travel/datasets/of-reviewer/{reviewers[0].pseudonym}/")
    assert "Answers 1" in own.content.decode()
    assert client.get(f"/p/travel/datasets/of-reviewer/{reviewers[1].pseudonym}/").status_code == 404


def test_a_withdrawn_review_is_not_counted_by_later_verdicts(version: DatasetVersion, reviewers: list[Member]) -> None:
    pair = version.pairs.get()
    late = make.review(pair.verdict.subject, pair.verdict.rubric_version, reviewers[4], {"better": {"outcome": "tie"}})
    assert late.pk not in pair.verdict.review_ids
    assert not lineage.pairs_of_reviewer(reviewers[4]).exists()
