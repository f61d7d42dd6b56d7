"""The written rules of settling, case by case."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.rubrics.models import Criterion
from reviews.quality.tally import disputed, is_failure, tally


def criterion(kind: str, key: str = "c", **fields: Any) -> Criterion:
    return Criterion(kind=kind, key=key, **{"label": "Question?", **fields})


def settle(kind: str, values: list[Any], **fields: Any) -> dict[str, Any]:
    rows = [criterion(kind, **fields)]
    return tally(rows, [{"c": value} if value is not None else {} for value in values], [17, 18])["c"]


def preferred(pk: int, strength: int = 1) -> dict[str, Any]:
    return {"outcome": "preferred", "preferred": pk, "strength": strength}


def marked(start: int, end: int, kind: str = "x") -> dict[str, Any]:
    return {"response": 17, "start": start, "end": end, "kind": kind}


TIE, BOTH_BAD = {"outcome": "tie"}, {"outcome": "both_bad"}


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        (["yes"], "yes"),
        (["yes", "no"], None),
        (["yes", "no", "no"], "no"),
        (["a", "a", "b", "c"], "a"),
        (["a", "a", "b", "b", "c"], None),
        ([], None),
    ],
)
def test_a_value_wins_with_strictly_more_votes_than_any_other(votes: list[str], winner: str | None) -> None:
    answer = settle("choice", votes)
    assert answer["value"] == winner
    assert answer["n"] == len(votes)


def test_an_unsettled_value_keeps_the_largest_share() -> None:
    assert settle("yes_no", ["yes", "no"])["share"] == 0.5
    assert settle("yes_no", [])["share"] is None


def test_unsure_is_an_outcome_of_its_own() -> None:
    assert settle("yes_no", ["unsure", "unsure", "no"])["value"] == "unsure"


def test_a_preferred_response_has_its_share_and_the_strength_of_its_own_votes() -> None:
    answer = settle("comparison", [preferred(17, 2), preferred(17, 1), preferred(18, 2), TIE, preferred(17, 2)])
    assert answer == {
        "kind": "comparison",
        "outcome": "preferred",
        "preferred": 17,
        "share": 3 / 5,
        "votes": {"17": 3, "18": 1, "tie": 1, "both_bad": 0},
        "n": 5,
        "strength": pytest.approx(5 / 3),
        "strengths": {"1": 1, "2": 2},
    }


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ([TIE, TIE], "tie"),
        ([BOTH_BAD], "both_bad"),
        ([preferred(17), TIE], None),
        ([preferred(17), preferred(18)], None),
        ([preferred(17), preferred(18), TIE, TIE], "tie"),
        ([], None),
    ],
)
def test_tie_and_both_bad_are_outcomes_of_their_own(votes: list[Any], outcome: str | None) -> None:
    answer = settle("comparison", votes)
    assert (answer["outcome"], answer["preferred"], answer["strength"]) == (outcome, None, None)


def test_a_scale_is_its_mean_with_the_distribution() -> None:
    answer = settle("scale", [3, 4, 4.5])
    assert answer["mean"] == pytest.approx(23 / 6)
    assert (answer["median"], answer["distribution"], answer["n"]) == (4.0, {"3": 1, "4": 1, "4.5": 1}, 3)
    assert answer["sd"] == pytest.approx(0.7637626)
    assert settle("scale", [3])["sd"] is None
    assert settle("scale", [])["mean"] is None


def test_spans_are_voted_on_by_whether_anything_was_marked() -> None:
    mark, other = marked(0, 5, "contradicted"), marked(7, 9, "unsupported")
    answer = settle("spans", [[mark, mark, other], [mark], []])
    assert (answer["value"], answer["share"], answer["n_spans"]) == ("yes", 2 / 3, 4)
    assert answer["kinds"] == {"contradicted": 2, "unsupported": 1}
    assert settle("spans", [[mark], []])["value"] is None


def test_marks_of_the_same_thing_are_one_stretch_with_votes() -> None:
    said = [[marked(10, 20, "contradicted")], [marked(12, 20, "unsupported"), marked(30, 32)], [marked(9, 21)], []]
    kinds = {"contradicted": 1, "unsupported": 1, "x": 1}
    assert settle("spans", said)["stretches"] == [
        {"response": 17, "start": 10, "end": 20, "votes": 3, "kinds": kinds, "severities": {}},
        {"response": 17, "start": 30, "end": 32, "votes": 1, "kinds": {"x": 1}, "severities": {}},
    ]


def test_stretches_of_a_source_stand_apart() -> None:
    source = {**marked(10, 20), "passage": 5, "severity": "minor"}
    found = settle("spans", [[source, marked(10, 20)], [source]])["stretches"]
    assert [(one.get("passage"), one["votes"], one["severities"]) for one in found] == [
        (None, 1, {}),
        (5, 2, {"minor": 2}),
    ]


def test_texts_and_corrections_are_counted_and_not_voted_on() -> None:
    assert settle("text", ["Because.", None]) == {"kind": "text", "n": 1}
    assert settle("correction", [{"response": 17, "text": "Better."}]) == {"kind": "correction", "n": 1}


def test_only_a_required_criterion_is_disputed() -> None:
    rows = [criterion("yes_no", "must"), criterion("yes_no", "may", is_required=False), criterion("text", "why")]
    settled = tally(rows, [{"must": "yes", "may": "yes"}, {"must": "no", "may": "no"}], [17])
    assert disputed(rows, settled) == ["must"]


@pytest.mark.parametrize(
    ("answers", "failed"),
    [
        ([{"grounded": "no", "helpful": 5}], True),
        ([{"grounded": "yes", "helpful": 2}], True),
        ([{"grounded": "yes", "helpful": 3}], False),
        ([{"grounded": "yes", "helpful": 3, "flags": [marked(0, 3)]}], True),
        ([{"grounded": "yes", "helpful": 3, "flags": [marked(0, 3)]}, {"grounded": "yes", "flags": []}], None),
        ([{"grounded": "no", "flags": [marked(0, 3)]}, {"grounded": "no", "flags": []}], True),
    ],
)
def test_it_fails_when_a_settled_answer_does(answers: list[Any], failed: bool | None) -> None:
    rows = [
        criterion("yes_no", "grounded", fails_when={"values": ["no"]}),
        criterion("scale", "helpful", fails_when={"below": 3}),
        criterion("spans", "flags", fails_when={"any": True}, is_required=False),
    ]
    assert is_failure(rows, tally(rows, answers, [17])) is failed


def test_nothing_fails_where_no_criterion_says_when() -> None:
    rows = [criterion("yes_no", "grounded")]
    assert is_failure(rows, tally(rows, [{"grounded": "no"}], [17])) is None


VOTES = st.lists(st.sampled_from([preferred(17), preferred(17, 2), preferred(18), TIE, BOTH_BAD]), max_size=9)


@given(VOTES, st.randoms())
def test_the_order_of_the_reviewers_changes_nothing(votes: list[Any], chance: random.Random) -> None:
    shuffled = votes.copy()
    chance.shuffle(shuffled)
    assert settle("comparison", shuffled) == settle("comparison", votes)


@given(VOTES)
def test_a_winner_has_more_votes_than_any_other(votes: list[Any]) -> None:
    answer = settle("comparison", votes)
    winner = str(answer["preferred"] or answer["outcome"])
    if answer["outcome"]:
        assert all(answer["votes"][winner] > n for outcome, n in answer["votes"].items() if outcome != winner)
    else:
        first, second = sorted(answer["votes"].values(), reverse=True)[:2]
        assert first == second
    assert sum(answer["votes"].values()) == answer["n"] == len(votes)


SEVERAL = {"choices": [{"value": v, "label": v.upper()} for v in "abc"]}


@pytest.mark.parametrize(
    ("sets", "winner", "share"),
    [
        ([["a"]], ["a"], 1.0),
        ([["a", "b"], ["a"], ["a", "c"]], ["a"], 2 / 3),
        ([["a", "b"], ["a", "b"], ["c"]], ["a", "b"], 2 / 3),
        ([["a"], ["a", "b"]], None, 0.5),
        ([["a"], ["b"], ["c"]], None, 2 / 3),  # none has most, and an empty set could not be sent
        ([], None, None),
    ],
)
def test_of_several_each_option_is_settled_apart(sets: list[Any], winner: Any, share: float | None) -> None:
    answer = settle("multi_choice", sets, options=SEVERAL)
    assert (answer["value"], answer["share"], answer["n"]) == (winner, share, len(sets))


def test_none_of_several_can_be_settled_where_it_can_be_answered() -> None:
    options = {**SEVERAL, "min_chosen": 0}
    answer = settle("multi_choice", [[], ["a"], []], options=options)
    assert answer == {"kind": "multi_choice", "value": [], "share": 2 / 3, "votes": {"a": 1, "b": 0, "c": 0}, "n": 3}


def test_several_fail_when_one_of_the_failing_ones_is_settled() -> None:
    rows = [criterion("multi_choice", options=SEVERAL, fails_when={"values": ["b", "c"]})]
    assert is_failure(rows, tally(rows, [{"c": ["a", "b"]}], [])) is True
    assert is_failure(rows, tally(rows, [{"c": ["a"]}], [])) is False
    assert disputed(rows, tally(rows, [{"c": ["a"]}, {"c": ["b"]}], [])) == ["c"]


WAITING = [
    criterion("yes_no", "wrong"),
    criterion("choice", "how", asked_when={"criterion": "wrong", "values": ["yes"]}, fails_when={"values": ["bad"]}),
    criterion("scale", "much", asked_when={"criterion": "how", "values": ["bad"]}, fails_when={"below": 3}),
]


def test_only_those_who_were_asked_vote() -> None:
    asked = {"wrong": "yes", "how": "bad"}
    reviews: list[Any] = [{**asked, "much": 2}, {**asked, "much": 1}, {"wrong": "no"}]
    found = tally(WAITING, reviews, [])
    assert (found["how"]["value"], found["how"]["n"], found["much"]["mean"]) == ("bad", 2, 1.5)
    assert disputed(WAITING, found) == []
    assert is_failure(WAITING, found) is True


def test_what_was_not_to_be_asked_decides_nothing() -> None:
    reviews: list[Any] = [{"wrong": "yes", "how": "bad", "much": 2}, {"wrong": "no"}, {"wrong": "no"}]
    found = tally(WAITING, reviews, [])
    assert (found["how"]["value"], found["how"]["votes"], found["how"]["asked"]) == (None, {"bad": 1}, False)
    assert (found["much"]["mean"], found["much"]["asked"]) == (None, False)
    assert disputed(WAITING, found) == []
    assert is_failure(WAITING, found) is None


def test_a_question_asked_of_nobody_is_no_dispute() -> None:
    assert disputed(WAITING, tally(WAITING, [{"wrong": "no"}, {"wrong": "no"}], [])) == []


def test_a_draw_on_the_condition_leaves_what_follows_open() -> None:
    reviews: list[Any] = [{"wrong": "yes", "how": "bad", "much": 2}, {"wrong": "no"}]
    found = tally(WAITING, reviews, [])
    assert disputed(WAITING, found) == ["wrong"]
    assert (found["how"]["value"], "asked" in found["how"]) == ("bad", False)
