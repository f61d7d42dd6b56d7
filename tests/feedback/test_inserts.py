"""A row with the rows that point at it, in one journey."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Member, Project
from feedback.inserts import insert_with_parts
from feedback.rubrics.models import Criterion, Rubric, RubricDraft, RubricVersion

pytestmark = pytest.mark.django_db


def version_of(rubric: Rubric, number: int = 1) -> RubricVersion:
    return RubricVersion(project=rubric.project, rubric=rubric, number=number)


def criterion(rubric: Rubric, key: str) -> Criterion:
    return Criterion(project=rubric.project, key=key, position=1, kind="scale", label=key, options={"min": 1, "max": 5})


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return Rubric.objects.create(project=project, name="Tone")


def test_the_parts_point_at_the_whole(rubric: Rubric) -> None:
    version, parts = version_of(rubric), [criterion(rubric, "a"), criterion(rubric, "b")]
    insert_with_parts(version, parts, "rubric_version")
    assert version.pk
    assert not version._state.adding
    stored = RubricVersion.objects.get(pk=version.pk)
    assert stored.created_at == version.created_at
    assert [(row.key, row.options) for row in stored.criteria.order_by("key")] == [
        ("a", {"min": 1, "max": 5}), ("b", {"min": 1, "max": 5}),
    ]  # fmt: skip
    assert [part.rubric_version for part in parts] == [version, version]


def test_parts_may_be_of_several_tables_or_none(rubric: Rubric, curator: Member) -> None:
    whole = version_of(rubric)
    insert_with_parts(whole, [], "rubric_version")
    assert RubricVersion.objects.get().pk == whole.pk
    other = Rubric(project=rubric.project, name="Other")
    draft = RubricDraft(project=rubric.project, author=curator, definitions=[{"key": "a"}])
    insert_with_parts(other, [draft, RubricVersion(project=rubric.project, number=1)], "rubric")
    assert (other.drafts.get().definitions, other.versions.get().number) == ([{"key": "a"}], 1)


def test_it_is_one_statement_on_postgresql(rubric: Rubric) -> None:
    version = version_of(rubric)
    with CaptureQueriesContext(connection) as said:
        insert_with_parts(version, [criterion(rubric, "a"), criterion(rubric, "b")], "rubric_version")
    assert len(said) == (1 if connection.vendor == "postgresql" else 2)


def test_a_refused_part_leaves_nothing(rubric: Rubric) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_with_parts(version_of(rubric), [criterion(rubric, "a"), criterion(rubric, "a")], "rubric_version")
    assert not RubricVersion.objects.exists()
