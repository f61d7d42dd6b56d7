"""Shares of models and reviewers: kept whatever comes in, and nothing goes without need."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feedback.datasets.balance import Noted, refused
from feedback.datasets.rule import Rule

NAMES = st.lists(st.sampled_from("ABCDE"), max_size=4, unique=True).map(sorted)
NOTES = st.lists(st.tuples(st.sampled_from(["l>s", "s>l", "l>m"]), NAMES), max_size=60)


def left(notes: list[Any], **shares: Any) -> tuple[list[Noted], Counter[str]]:
    """What stays, and the reasons of what goes."""
    noted = [Noted(at, models, reviewers) for at, (models, reviewers) in enumerate(notes)]
    limits: dict[str, Any] = {**shares}
    gone = dict(refused(noted, noted, Rule(**limits)))
    return [one for one in noted if one.position not in gone], Counter(gone.values())


@given(NOTES, st.floats(0.1, 1), st.floats(0.1, 1))
def test_what_stays_keeps_to_the_shares(notes: list[Any], models: float, reviewers: float) -> None:
    stay, _ = left(notes, max_model_share=models, max_reviewer_share=reviewers)
    kinds = max(models, 1 / max(1, len({model for model, _ in notes})))
    people = max(reviewers, 1 / max(1, len({name for _, names in notes for name in names})))
    by_model = Counter(one.models for one in stay)
    by_name = Counter(name for one in stay for name in one.reviewers)
    assert all(n <= kinds * len(stay) + 1e-6 for n in by_model.values())
    assert all(n <= people * by_name.total() + 1e-6 for n in by_name.values())


@given(NOTES)
def test_nothing_goes_when_nothing_is_asked(notes: list[Any]) -> None:
    assert left(notes)[1] == left(notes, max_model_share=1.0, max_reviewer_share=1.0)[1] == Counter()


def test_no_more_goes_than_must() -> None:
    notes = [("a", ["A"])] * 6 + [("a", ["A", "B"])] * 2 + [("a", ["A", "B", "C"])] * 2
    stay, gone = left(notes, max_reviewer_share=0.5)
    assert gone == {"over_reviewer_share": 4}
    assert [one.position for one in stay] == [0, 1, 6, 7, 8, 9]


def test_a_share_that_cannot_be_is_equal_parts() -> None:
    stay, gone = left([("a", []), ("b", []), ("a", []), ("a", [])], max_model_share=0.1)
    assert ([one.position for one in stay], gone) == ([0, 1], {"over_model_share": 2})
