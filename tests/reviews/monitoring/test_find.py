from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from reviews.monitoring.find import SHOWN, found
from tests import make


def labels(member: Member, words: str) -> dict[str, list[str]]:
    return {group["heading"]: [link["label"] for link in group["links"]] for group in found(member, words)}


def test_it_finds_things_of_every_kind_by_a_part_of_the_name(project: Project, curator: Member) -> None:
    queue = make.queue(project, name="Claims, week 47", key="claims")
    make.sampling_rule(queue)
    make.response(project, external_id="claims")
    assert labels(curator, "claims") == {"Responses": ["claims"], "Queues": ["Claims, week 47"]}
    assert labels(curator, "WEEK") == {"Queues": ["Claims, week 47"]}


def test_it_finds_pages_and_shows_them_before_anything_is_typed(curator: Member, reviewer: Member) -> None:
    assert "Responses" in labels(curator, "")["Pages"]
    assert labels(reviewer, "") == {"Pages": ["My work"]}
    assert labels(curator, "datas") == {"Pages": ["Datasets"]}


def test_a_reviewer_finds_no_thing_that_they_may_not_open(project: Project, reviewer: Member) -> None:
    make.queue(project, name="Claims", key="claims")
    make.response(project, external_id="claims")
    assert labels(reviewer, "claims") == {}


def test_it_finds_nothing_of_another_project(project: Project, outsider: Member) -> None:
    make.queue(project, name="Claims", key="claims")
    assert labels(outsider, "claims") == {}


def test_it_shows_a_few_of_each_kind(project: Project, curator: Member) -> None:
    for number in range(SHOWN + 2):
        make.queue(project, name=f"Claims {number}", key=f"claims-{number}")
    assert len(labels(curator, "claims")["Queues"]) == SHOWN


@pytest.mark.parametrize("words", ["%", "_", "' OR 1=1 --", "a" * 5000, "\\"])
def test_nonsense_finds_nothing(project: Project, curator: Member, words: str) -> None:
    make.queue(project, name="Claims", key="claims")
    page = make.SignedIn(curator).get(reverse("monitoring:find", args=[project.slug]), {"q": words})
    assert page.status_code == 200
    assert b"Nothing has this name" in page.content


def test_nul_is_refused_as_everywhere(project: Project, curator: Member) -> None:
    page = make.SignedIn(curator).get(reverse("monitoring:find", args=[project.slug]), {"q": "\x00"})
    assert page.status_code == 400


def test_it_is_a_page_and_for_htmx_the_list_alone(
    project: Project, admin: Member, django_assert_max_num_queries: Any
) -> None:
    browser, path = make.SignedIn(admin), reverse("monitoring:find", args=[project.slug])
    assert b"<h1>Find</h1>" in browser.get(path).content
    with django_assert_max_num_queries(10):
        fragment = browser.get(path, {"q": "claims"}, headers={"HX-Request": "true"})
    assert b"<h1>" not in fragment.content
    assert browser.post(path).status_code == 405
