"""The preference pairs that a response is part of."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.judgements.models import Verdict
from feedback.responses.models import Response
from tests import make, world


def address(pk: int) -> str:
    return f"/p/travel/datasets/of-response/{pk}/"


def pair(version: DatasetVersion, verdict: Verdict, chosen: Response | None, rejected: Response) -> PreferencePair:
    position = version.pairs.count()
    return PreferencePair.objects.create(
        project=version.project, version=version, position=position, pair_id=f"p{position}", group_id="g", split="test",
        source="comparison", criterion="better", verdict=verdict, chosen_response=chosen, rejected_response=rejected,
        prompt=world.MESSAGE, chosen=world.MESSAGE, rejected=world.MESSAGE, n_votes=4, votes_for=3, votes_against=1,
        votes_tied=0, vote_share=0.75, provenance={},
    )  # fmt: skip


def test_pairs_are_listed_with_version_side_and_votes(
    project: Project, curator: Member, reviewer: Member, django_assert_max_num_queries: Any
) -> None:
    first, second = (make.response(project, text, external_id=text) for text in ("one", "two"))
    subject, rubric = make.subject(first), make.rubric_version(project)
    verdict = make.verdict(subject, rubric, [make.review(subject, rubric, reviewer, make.ANSWERS)])
    version = world.version(project)
    unfinished = DatasetVersion.objects.create(project=project, dataset=version.dataset, number=2, rule={})
    pair(version, verdict, first, second)
    pair(version, verdict, None, first)
    pair(unfinished, verdict, first, second)
    browser = make.SignedIn(curator)
    with django_assert_max_num_queries(5):
        text = browser.get(address(first.pk)).text
    assert text.count(f"/datasets/{version.dataset.key}/versions/1/") == 2
    assert "/versions/2/" not in text
    for words in ("Chosen", "two", "a reviewer's rewrite", "75 % of 4", "Test"):
        assert words in text, words
    assert "<h1>Datasets that use it</h1>" in text


def test_none_yet_and_who_may_not(project: Project, curator: Member, reviewer: Member, other_project: Project) -> None:
    response = make.response(project)
    browser = make.SignedIn(curator)
    part = browser.get(address(response.pk), headers={"HX-Request": "true"}).text
    assert "In no published dataset version yet" in part
    assert "<h1>" not in part
    assert browser.get(address(make.response(other_project).pk)).status_code == 404
    assert browser.post(address(response.pk)).status_code == 405
    assert make.SignedIn(reviewer).get(address(response.pk)).status_code == 403
