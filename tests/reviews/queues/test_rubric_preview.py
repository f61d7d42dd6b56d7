"""The preview is the review form itself, before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.rubrics.forms import whole
from feedback.rubrics.models import Rubric, RubricDraft
from feedback.rubrics.ready import helpfulness_rubric, pairwise_rubric
from tests import make

YES_NO = whole({"key": "g", "kind": "yes_no", "label": "Grounded?"})
WHY = whole({"key": "why", "kind": "text", "label": "Why?", "asked_when": {"criterion": "g", "values": ["no"]}})


@pytest.fixture
def look(curator: Member, client_of: Any) -> Any:
    client = client_of(curator)

    def get(rubric: Rubric, query: str = "", **options: Any) -> Any:
        url = reverse("queues:rubric-preview", kwargs={"project": curator.project.slug, "pk": rubric.pk})
        return client.get(url + query, **options)

    return get


def test_a_version_is_shown_with_its_controls(look: Any, curator: Member) -> None:
    page = look(helpfulness_rubric(curator.project).rubric).text
    assert page.count('type="radio" name="q-helpfulness"') == 5
    assert "Marked in the text as contradicted, unsupported, fabricated; each is minor or major." in page
    assert "What you judge" in page
    assert "Both unacceptable" in look(pairwise_rubric(curator.project).rubric).text


def test_a_draft_is_shown_as_far_as_it_can_be(look: Any, curator: Member) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="Answers")
    rows = [YES_NO, WHY, whole({"key": "", "kind": "choice", "label": "Which?", "options": {"choices": []}})]
    RubricDraft.objects.create(project=curator.project, rubric=rubric, author=curator, definitions=rows)
    assert "<html" not in look(rubric, headers={"HX-Request": "true"}).text
    page = look(rubric)
    assert "Asked only if “Grounded?” is No." in page.text
    assert "data-asked-when" in page.text
    assert [(error["number"], error["label"]) for error in page.context["errors"]] == [(3, "Which?")]


def test_nothing_to_show_says_what_to_do(look: Any, curator: Member) -> None:
    assert "No question yet" in look(Rubric.objects.create(project=curator.project, name="Empty")).text


def test_unknown_versions_and_foreign_rubrics_are_not_found(look: Any, curator: Member, outsider: Member) -> None:
    rubric = helpfulness_rubric(curator.project).rubric
    assert look(rubric, "?version=1").status_code == 200
    for wanted in ("2", "x", "1" * 30):
        assert look(rubric, f"?version={wanted}").status_code == 404
    assert look(helpfulness_rubric(outsider.project).rubric).status_code == 404


def test_it_asks_the_database_little(look: Any, curator: Member, django_assert_max_num_queries: Any) -> None:
    rubric = make.rubric_version(curator.project).rubric
    with django_assert_max_num_queries(10):
        look(rubric)
