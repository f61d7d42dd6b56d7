"""The list of rubrics and the page of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.rubrics.models import Rubric
from feedback.rubrics.publish import publish
from feedback.rubrics.ready import helpfulness_rubric, pairwise_rubric
from tests import make

pytestmark = pytest.mark.once


def detail(rubric: Rubric) -> str:
    return reverse("rubrics:rubric-detail", kwargs={"project": rubric.project.slug, "pk": rubric.pk})


def test_the_list_names_rubrics_and_their_newest_version(curator: Member, client_of: Any) -> None:
    helpfulness_rubric(curator.project)
    page = client_of(curator).get(reverse("rubrics:rubric-list", kwargs={"project": curator.project.slug}))
    assert page.status_code == 200
    assert "Helpfulness and grounding" in page.text


def test_an_empty_list_says_what_to_do(curator: Member, client_of: Any) -> None:
    page = client_of(curator).get(reverse("rubrics:rubric-list", kwargs={"project": curator.project.slug}))
    assert "No rubric yet" in page.text


def test_it_shows_the_questions_as_reviewers_meet_them(curator: Member, client_of: Any) -> None:
    version = helpfulness_rubric(curator.project)
    page = client_of(curator).get(detail(version.rubric))
    for words in ("Somebody could be harmed or misled.", "Just right: complete", "Fails below 3.", "What you judge"):
        assert words in page.text
    assert "Both unacceptable" in client_of(curator).get(detail(pairwise_rubric(curator.project).rubric)).text


def test_an_older_version_can_be_looked_at(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="Answers")
    for label in ("First question?", "Second question?"):
        publish(rubric, [{"key": "q", "kind": "yes_no", "label": label}])
    client = client_of(curator)
    assert "Second question?" in client.get(detail(rubric)).text
    assert "First question?" in client.get(detail(rubric) + "?version=1").text
    assert client.get(detail(rubric) + "?version=3").status_code == 404


def test_htmx_gets_the_version_alone(curator: Member, client_of: Any) -> None:
    page = client_of(curator).get(detail(helpfulness_rubric(curator.project).rubric), headers={"HX-Request": "true"})
    assert "<html" not in page.text
    assert 'id="version"' in page.text


def test_markup_in_a_guideline_is_harmless(curator: Member, client_of: Any) -> None:
    rubric = Rubric.objects.create(project=curator.project, name="<script>alert(1)</script>")
    publish(rubric, [{"key": "q", "kind": "yes_no", "label": "<b>Q</b>?"}], "<script>alert(1)</script>")
    assert "<script>alert" not in client_of(curator).get(detail(rubric)).text


def test_reviewers_and_strangers_do_not_get_in(
    project: Project, reviewer: Member, outsider: Member, anonymous: Client, client_of: Any
) -> None:
    address = detail(helpfulness_rubric(project).rubric)
    assert client_of(reviewer).get(address).status_code == 403
    assert client_of(outsider).get(address).status_code == 404
    assert anonymous.get(address).status_code == 302


def test_a_rubric_of_another_project_is_not_found(project: Project, other_project: Project, client_of: Any) -> None:
    foreign = helpfulness_rubric(other_project).rubric
    address = reverse("rubrics:rubric-detail", kwargs={"project": project.slug, "pk": foreign.pk})
    assert client_of(make.member(project, "curator")).get(address).status_code == 404
