"""Every rubric to begin with can be published as it is, taken along as JSON, and brought back the same."""

from __future__ import annotations

import pytest

from feedback.accounts.models import Project
from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.exchange import document, read_document
from feedback.rubrics.forms import BEGINNINGS, READY, RubricForm
from feedback.rubrics.models import Criterion, Rubric
from feedback.rubrics.publish import publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("begin", READY)
def test_it_begins_a_rubric_that_can_be_published(project: Project, begin: str) -> None:
    name, *_ = READY[begin]
    form = RubricForm(project, {"name": name, "begin": begin})
    assert form.is_valid(), form.errors
    version = publish(Rubric.objects.create(project=project, name=name), form.definitions, form.guideline)
    assert read_document(document(version)) == (definitions_of(version), form.guideline)


def test_each_is_offered_and_all_their_kinds_are_known() -> None:
    assert READY.keys() < dict(BEGINNINGS).keys()
    assert {row["kind"] for _, rows, _ in READY.values() for row in rows} <= set(Criterion.Kind.values)
