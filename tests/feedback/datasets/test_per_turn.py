"""Answers about each turn in a dataset: no pair comes of them, and the case says what was settled of each."""

from __future__ import annotations

import pytest

from feedback.accounts.models import Member, Project
from feedback.datasets.models import VersionRow
from tests import make
from tests.feedback.datasets.conftest import Built

pytestmark = pytest.mark.django_db


def test_they_are_no_source_of_pairs_and_stand_in_the_case(
    project: Project, reviewers: list[Member], built: Built
) -> None:
    version = make.rubric_version(project, make.turns_criteria())
    subject = make.subject(make.talk(project))
    said = {"turns": {"3": "good", "5": "bad"}}
    make.verdict(subject, version, [make.review(subject, version, member, said) for member in reviewers[:2]])
    found = built()
    assert found.counts["pairs"] == found.counts["candidates"] == 0
    assert not found.rows.filter(kind=VersionRow.Kind.VOTES).exists()
    (case,) = found.rows.filter(kind=VersionRow.Kind.CASE)
    assert case.data["answers"]["turns"]["turns"]["5"] == {"value": "bad", "votes": {"bad": 2}}
    assert case.data["answers"]["turns"]["value"] == said["turns"]
