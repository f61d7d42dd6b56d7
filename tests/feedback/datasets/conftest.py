"""A pair rubric with three reviewers, and verdicts made from their votes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.judgements.models import Verdict
from feedback.responses.models import Response
from feedback.rubrics.models import RubricVersion
from tests import make

OPEN = {"train": 0.6, "validation": 0.4, "test": 0.0}  # nothing is sealed
Compared = Callable[..., Verdict]
Rated = Callable[..., Verdict]
Built = Callable[..., DatasetVersion]


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    """Tests that run side by side must not share exports."""
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "files"


@pytest.fixture
def reviewers(project: Project) -> list[Member]:
    return [make.member(project, name=f"Reviewer {n}") for n in range(1, 6)]


@pytest.fixture
def pair_rubric(project: Project) -> RubricVersion:
    return make.rubric_version(project, subject_size=2)


@pytest.fixture
def rating_rubric(project: Project) -> RubricVersion:
    return make.rubric_version(project)


@pytest.fixture
def compared(project: Project, reviewers: list[Member], pair_rubric: RubricVersion) -> Compared:
    """`compared("AAB")`: two votes for the first response, one for the second; T is a tie, X is both bad."""

    def settle(
        votes: str = "AAA", *, pair: tuple[Response, Response] | None = None, strength: int = 2, **fields: Any
    ) -> Verdict:
        question = f"Question {next(make.counter)}?"
        texts = fields.pop("texts", ("Yes, within 30 days.", "No idea."))
        given = {
            name: fields.pop(name) for name in ("messages", "conversation_id", "body", "consent") if name in fields
        }
        first, second = pair or [make.response(project, text, question=question, **given) for text in texts]
        subject = make.subject(first, second)
        answer: dict[str, dict[str, Any]] = {
            "A": {"outcome": "preferred", "preferred": first.pk, "strength": strength},
            "B": {"outcome": "preferred", "preferred": second.pk, "strength": strength},
            "T": {"outcome": "tie"},
            "X": {"outcome": "both_bad"},
        }
        origin = fields.get("origin", "helpdesk")
        order = [second.pk, first.pk]
        reviews = [
            make.review(subject, pair_rubric, member, {"better": answer[vote]}, origin=origin, shown_order=order)
            for member, vote in zip(reviewers, votes, strict=False)
        ]
        return make.verdict(subject, pair_rubric, reviews, **fields)

    return settle


@pytest.fixture
def rated(project: Project, reviewers: list[Member], rating_rubric: RubricVersion) -> Rated:
    """`rated(response, 4, 5)`: settled ratings of helpfulness; other answers by name."""

    def settle(response: Response, *points: int, fields: dict[str, Any] | None = None, **answers: Any) -> Verdict:
        subject = make.subject(response)
        given = {"grounded": "yes", **answers}
        reviews = [
            make.review(subject, rating_rubric, member, {**given, "helpful": point})
            for member, point in zip(reviewers, points, strict=False)
        ]
        return make.verdict(subject, rating_rubric, reviews, **(fields or {}))

    return settle


@pytest.fixture
def dataset(project: Project) -> Dataset:
    return Dataset.objects.create(project=project, key="answers", name="Answers", shares=OPEN, salt="1")


@pytest.fixture
def partly_sealed(dataset: Dataset) -> Dataset:
    """The dataset when a fifth of its groups are put into the sealed split."""
    dataset.shares = {"train": 0.6, "validation": 0.2, "test": 0.2}
    dataset.save()
    return dataset


@pytest.fixture
def built(dataset: Dataset) -> Built:
    """`built(min_votes=3)`: the next version of the dataset under such a rule, complete."""

    def build(*, of: Dataset = dataset, **rule: Any) -> DatasetVersion:
        of.rule = rule
        of.save()
        version = of.build()
        jobs.run(DatasetVersion, version.pk)
        version.refresh_from_db()
        return version

    return build
