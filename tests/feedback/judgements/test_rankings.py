"""Rankings: every response once, in tiers, the best first; stored and read back as they were meant."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from feedback.accounts.models import Member, Project
from feedback.judgements.answers import check_answers
from feedback.judgements.invariants import changed_reviews
from feedback.judgements.material import Material, SourceText
from feedback.judgements.models import Comparison
from feedback.judgements.record import answers_of
from feedback.judgements.refusal import AnswersRefused
from feedback.rubrics.models import Criterion
from tests import make

FOUR = Material({pk: SourceText(pk, "", "") for pk in (1, 2, 3, 4)})


def check(value: Any, *, ties: bool = True, **fields: Any) -> Any:
    options = {"responses": 4, "ties": ties}
    criterion = Criterion(key="q", kind="ranking", options=options, label="?", **fields)
    return check_answers(FOUR, [criterion], {"q": value}).answers.get("q")


def test_the_same_ranking_is_always_the_same_json() -> None:
    assert check([[3], [4, 1], [2]]) == check([[], [3], [1, 4], [], [2]]) == [[3], [1, 4], [2]]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ([[1], [2], [3]], "/q"),
        ([[1], [2], [3], [4, 4]], "/q/3"),
        ([[1], [2], [3], [4], [1]], "/q/4"),
        ([[1], [2], [3], [9]], "/q/3/0"),
        ([[1], [2], [True], [4]], "/q/2/0"),
        ([1, 2, 3, 4], "/q"),
        ("1234", "/q"),
        ({"outcome": "tie"}, "/q"),
        ([], "/q"),
        ([[], []], "/q"),
        (None, "/q"),
    ],
)
def test_what_is_no_ranking_is_refused_where_it_is_wrong(value: Any, pointer: str) -> None:
    with pytest.raises(AnswersRefused) as refusal:
        check(value)
    assert [error["pointer"] for error in refusal.value.errors] == [pointer]


def test_places_are_shared_only_where_the_rubric_says_so() -> None:
    with pytest.raises(AnswersRefused, match="place of its own"):
        check([[1], [2, 3], [4]], ties=False)
    assert check([[4], [3], [2], [1]], ties=False) == [[4], [3], [2], [1]]


def test_an_optional_ranking_may_be_left_open() -> None:
    assert check([[], []], is_required=False) is None
    with pytest.raises(AnswersRefused, match="2 of 4 still need one"):
        check([[1], [2]], is_required=False)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_any_places_make_a_ranking_that_keeps_their_order(places: list[int]) -> None:
    given_tiers = [[pk for pk, place in enumerate(places, 1) if place == wanted] for wanted in range(4)]
    tiers = check(given_tiers)
    place = {pk: number for number, tier in enumerate(tiers) for pk in tier}
    assert sorted(place) == [1, 2, 3, 4]
    for one, other in product(place, place):
        assert (place[one] < place[other]) == (places[one - 1] < places[other - 1])


@pytest.fixture
def ranked(project: Project, reviewer: Member) -> Any:
    version = make.rubric_version(project, make.ranking_criteria(3), subject_size=3)
    answers = [make.response(project, f"Answer {n}.", question="Which?") for n in range(3)]
    first, second, third = (row.pk for row in answers)
    return make.review(make.subject(*answers), version, reviewer, {"order": [[third], [second, first]], "why": "So."})


@pytest.mark.django_db
def test_it_is_stored_and_read_back(ranked: Any) -> None:
    row = Comparison.objects.get()
    assert (row.outcome, row.preferred_id, row.strength) == ("ranked", None, None)
    first, second, third = (part.response_id for part in ranked.subject.parts.order_by("position"))
    assert answers_of(ranked)["order"] == row.ranking == [[third], [first, second]]
    assert changed_reviews() == []


@pytest.mark.django_db
def test_the_database_keeps_rankings_and_outcomes_together(ranked: Any) -> None:
    row = Comparison.objects.get()
    wrong: list[dict[str, Any]] = [
        {"outcome": "tie", "ranking": row.ranking},
        {"outcome": "ranked", "ranking": []},
        {"outcome": "ranked", "ranking": row.ranking, "preferred_id": row.ranking[0][0]},
    ]
    why = ranked.rubric_version.criteria.get(key="why")
    for fields in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Comparison.objects.create(project=ranked.project, review=ranked, criterion=why, **fields)


@pytest.mark.django_db
def test_programs_read_it_among_the_votes(project: Project, ranked: Any, anonymous: Any) -> None:
    headers = {"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"}
    (vote,) = anonymous.get("/api/v1/votes/?kind=ranking", headers=headers).json()["results"]
    assert (vote["kind"], vote["value"]) == ("ranking", Comparison.objects.get().ranking)
    assert anonymous.get("/api/v1/votes/?kind=comparison", headers=headers).json()["results"] == []
