"""The best and the worst as a source: the best over every other one, every other one over the worst, and no more."""

from __future__ import annotations

import pytest

from feedback.accounts.models import Member, Project
from feedback.datasets.models import VersionRow
from tests import make
from tests.feedback.datasets.conftest import Built

pytestmark = pytest.mark.django_db
TEXTS = ("First answer.", "Second answer.", "Third answer.", "Fourth answer.")


def settled(project: Project, reviewers: list[Member], *ends: tuple[int, int]) -> None:
    version = make.rubric_version(project, make.best_worst_criteria(4), subject_size=4)
    rows = [make.response(project, text, question="Which?") for text in TEXTS]
    subject = make.subject(*rows)
    reviews = [
        make.review(subject, version, member, {"ends": {"best": rows[best].pk, "worst": rows[worst].pk}})
        for member, (best, worst) in zip(reviewers, ends, strict=False)
    ]
    make.verdict(subject, version, reviews)


def test_its_pairs_have_the_best_or_the_worst_in_them(project: Project, reviewers: list[Member], built: Built) -> None:
    settled(project, reviewers, (0, 3), (0, 3), (0, 2))
    version = built()
    one, two, three, four = TEXTS
    told = [(p.chosen[0]["content"], p.rejected[0]["content"], p.votes_for, p.n_votes) for p in version.pairs.all()]
    assert sorted(told) == sorted(
        [(one, four, 3, 3), (one, two, 3, 3), (one, three, 3, 3), (two, four, 2, 2), (three, four, 2, 3)]
    )
    assert {(pair.source, pair.criterion) for pair in version.pairs.all()} == {("ranking", "ends")}
    assert version.counts["candidates"] == 5
    (votes,) = version.rows.filter(kind=VersionRow.Kind.VOTES)
    assert votes.data["outcome"] == "ranked"
    assert [len(tier) for tier in votes.data["ranking"]] == [1, 2, 1]


def test_unsettled_they_make_no_pair(project: Project, reviewers: list[Member], built: Built) -> None:
    settled(project, reviewers, (0, 3), (1, 3))
    assert built().counts["pairs"] == 0
