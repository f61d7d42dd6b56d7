"""The finer options of a rule: each leaves out what it says, for its own reason, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion, PairNote
from feedback.datasets.rule import RuleError, parse
from feedback.judgements.models import Verdict
from feedback.responses.models import Response, UserFeedback
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated
from tests.feedback.datasets.test_pairs import reasons

LONG = "You can cancel your contract within 30 days of the day on which it was signed by both of you."


def two(project: Project, *texts: str, **fields: Any) -> tuple[Response, Response]:
    first, second = (make.response(project, text, **fields) for text in texts)
    return first, second


def outputs(version: DatasetVersion) -> list[tuple[str, str]]:
    return [(p.chosen[0]["content"], p.rejected[0]["content"]) for p in version.pairs.order_by("position")]


def test_only_verdicts_of_some_methods(compared: Compared, built: Built) -> None:
    compared("AAA")
    compared("AAA", method=Verdict.Method.IMPORTED)
    version = built(methods=["imported"])
    assert (version.counts["verdicts"], version.pairs.get().provenance["method"]) == (1, "imported")


def test_all_responses_must_match_the_filter(project: Project, compared: Compared, built: Built) -> None:
    for segments in (("eu", "eu"), ("eu", "us")):
        question = f"Which {segments}?"
        pair = [make.response(project, s, question=question, segment=s) for s in segments]
        compared("AAA", pair=(pair[0], pair[1]))
    compared("AAA")
    version = built(responses="segment=us")
    assert reasons(version)["not_matched"] == 3
    assert reasons(built(responses="segment=eu")) == {"not_matched": 2, "same_text": 1}


@pytest.mark.parametrize("query", ["segmnt=eu", "origin=nowhere", "q=contract", "min_cost=much", "page_size=3"])
def test_a_filter_that_cannot_be_used_is_refused(query: str) -> None:
    with pytest.raises(RuleError, match="responses cannot be used"):
        parse({"responses": query})


@pytest.mark.parametrize(
    "rule",
    [
        {"min_agreement": 1.1}, {"min_reviewer_reliability": 2}, {"max_model_share": -0.1}, {"max_length_ratio": 0.5},
        {"methods": ["gold"]},
        {"personal_data": "hide"}, {"max_per_prompt": -1}, {"contradictions": "both"}, {"near_duplicates": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        parse(rule)


def test_agreement_sets_ties_aside(compared: Compared, built: Built) -> None:
    compared("AATT")
    compared("AAB")
    assert reasons(built(min_agreement=0.7, min_share=0.4)) == {"low_agreement": 1, "tie": 1}


def test_licences_of_both(project: Project, compared: Compared, built: Built) -> None:
    for licences in (("cc-by", "cc-by"), ("cc-by", ""), ("cc0", "cc-by")):
        compared(pair=tuple(make.response(project, f"A {x}.", question=f"{licences}", licence=x) for x in licences))
    assert reasons(built(licences=["cc-by"])) == {"licence": 2, "same_text": 1}


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ({"min_prompt_characters": 50}, {"too_short": 2}),
        ({"min_answer_characters": 10}, {"too_short": 1}),
        ({"max_answer_characters": 50}, {"too_long": 1}),
        ({"max_prompt_characters": 3}, {"too_long": 2}),
        ({"max_length_ratio": 10}, {"too_uneven": 1}),
        ({"max_length_ratio": 100, "max_answer_characters": 500, "min_answer_characters": 1}, {}),
    ],
)
def test_lengths(compared: Compared, built: Built, rule: dict[str, Any], left_out: dict[str, int]) -> None:
    compared("AAA", texts=(LONG, "No."))
    compared("AAA", texts=("Yes, you can.", "No, you can't."))
    assert reasons(built(**rule)) == left_out


def test_contradictions_may_stay(project: Project, compared: Compared, built: Built) -> None:
    compared("AAA", pair=two(project, "Yes.", "No.", question="May I?"))
    compared("BBB", pair=two(project, "Yes.", "No.", question="May I?"))
    assert reasons(built()) == {"contradicted": 2}
    kept = built(contradictions="keep")
    assert (reasons(kept), sorted(outputs(kept))) == ({}, [("No.", "Yes."), ("Yes.", "No.")])


def test_so_many_pairs_of_one_question(project: Project, compared: Compared, built: Built) -> None:
    for n in range(5):
        compared("AAA", pair=two(project, f"Yes {n}.", "No.", question="May I?" if n % 2 else "MAY  I?"))
    compared("AAA")
    assert reasons(built(max_per_prompt=2)) == {"over_prompt_cap": 3}


def test_of_pairs_that_say_nearly_the_same_the_first_stays(project: Project, compared: Compared, built: Built) -> None:
    words = " ".join(f"word{n}" for n in range(60))
    for question in ("May I?", "may I?"):
        compared("AAA", pair=two(project, f"{words} {question}", "No.", question=question))
        compared("AAA", pair=two(project, f"{words} {question}", "Never.", question=question))
    version = built(near_duplicates="leave_out")
    assert reasons(version) == {"near_duplicate": 2}
    assert {rejected for _, rejected in outputs(version)} == {"No.", "Never."}
    assert reasons(built()) == {}
    assert not PairNote.objects.exists()


def judge(project: Project, rated: Rated, *points: tuple[int, ...], question: str = "Which?") -> list[Response]:
    """Answers to one question with these ratings."""
    answers = [make.response(project, f"Answer {n} {question}", question=question) for n, _ in enumerate(points)]
    for answer, given in zip(answers, points, strict=True):
        rated(answer, *given)
    return answers


@pytest.mark.parametrize(
    ("points", "rule", "left_out"),
    [
        (((5, 4, 5), (2, 1, 2)), {"raters_agree": True}, {}),
        (((5, 5, 2), (2, 1, 2)), {"raters_agree": True}, {"raters_disagree": 1}),
        (((5, 5, 2), (2, 1, 2)), {}, {}),
        (((5, 1, 5), (4, 1, 2)), {"min_rating_spread": 1}, {"within_spread": 1}),
        (((5, 5, 4), (2, 1, 2)), {"min_rating_spread": 1}, {}),
        (((5,), (1,)), {"min_rating_spread": 1}, {"within_spread": 1}),
    ],
)
def test_ratings_against_their_spread_and_raters(
    project: Project, rated: Rated, built: Built, points: Any, rule: dict[str, Any], left_out: dict[str, int]
) -> None:
    judge(project, rated, *points)
    assert reasons(built(comparisons=False, corrections=False, rating_criterion="helpful", **rule)) == left_out


def test_end_users_of_two_judged_responses(project: Project, rated: Rated, built: Built) -> None:
    up, down, mixed, silent = judge(project, rated, (3,), (3,), (3,), (3,))
    scores = ((up, "thumb", 1), (down, "thumb", -1), (mixed, "stars", 4), (mixed, "thumb", 0), (silent, "thumb", None))
    for response, kind, score in scores:
        UserFeedback.objects.create(project=project, response=response, kind=kind, score=score)
    assert built().pairs.count() == 0
    pair = built(user_feedback=True).pairs.get()
    assert (pair.chosen_response, pair.rejected_response, pair.source) == (up, down, "feedback")
    assert pair.provenance["user_feedback"] == [1, -1]


def test_ties_may_stay_out_of_the_raw_votes(compared: Compared, built: Built) -> None:
    for votes in ("AAA", "TT", "XX", "AB"):
        compared(votes)
    counts = [
        built(**rule).counts["comparisons"] for rule in ({}, {"ties_in_votes": False}, {"both_bad_in_votes": False})
    ]
    assert counts == [4, 2, 3]


def test_no_two_models_have_more_than_their_share(project: Project, compared: Compared, built: Built) -> None:
    for n in range(12):
        models = ("large", "small") if n < 8 else ("small", "large")
        texts = [make.response(project, f"{m} {n}", question=f"Q {n}?", model_name=m) for m in models]
        compared("AAA", pair=(texts[0], texts[1]))
    version = built(max_model_share=0.5)
    assert reasons(version) == {"over_model_share": 4}
    assert version.statistics["chosen_by_model"] == {"large": 4, "small": 4}
    assert version.statistics["by_split"] == {
        s: version.pairs.filter(split=s).count() for s in version.statistics["by_split"]
    }


def test_no_reviewer_has_more_than_their_share(compared: Compared, built: Built, reviewers: list[Member]) -> None:
    for votes in ["A"] * 6 + ["AA"] * 2 + ["AAA"] * 2:
        compared(votes)
    version = built(max_reviewer_share=0.5)
    who = [name for told in version.pairs.values_list("provenance", flat=True) for name in told["reviewers"]]
    assert set(reasons(version)) == {"over_reviewer_share"}
    assert max(who.count(member.pseudonym) for member in reviewers) <= len(who) / 2
    assert version.pairs.count() >= 4


def test_everybody_who_voted_must_be_reliable_enough(project: Project, compared: Compared, built: Built) -> None:
    """The verdict's stamp counts; without one too little is known; a moderator is not asked."""
    for more in ({"reliability": 0.9}, {"reliability": 0.7}, {}, {"adjudicated": True}):
        first, second = two(project, "Yes, within 30 days.", "No idea.", question=f"Which {more}?")
        votes = {str(first.pk): 3, str(second.pk): 0, "tie": 0, "both_bad": 0}
        answer = {"kind": "comparison", "outcome": "preferred", "preferred": first.pk, "votes": votes, "n": 3}
        compared(pair=(first, second), answers={"better": {**answer, "strength": 2.0, **more}}, is_failure=None)
    assert reasons(built(min_reviewer_reliability=0.8)) == {"low_reliability": 2}
    assert reasons(built()) == {}


def test_so_must_everybody_who_rated(project: Project, rated: Rated, built: Built) -> None:
    for mean, response in zip((5.0, 1.0), two(project, "Yes, within 30 days.", "No.", question="How?"), strict=True):
        scale = {"kind": "scale", "mean": mean, "n": 2, "sd": 0.0, "reliability": 0.7 if mean == 1 else 0.9}
        rated(response, 1, 1, fields={"answers": {"helpful": scale}, "is_failure": None})
    assert reasons(built(rating_criterion="helpful", min_reviewer_reliability=0.8)) == {"low_reliability": 1}
    assert reasons(built(rating_criterion="helpful", min_reviewer_reliability=0.7)) == {}
