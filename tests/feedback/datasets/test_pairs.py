"""Which judgements become pairs, and the one reason why another does not."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from feedback.datasets import snapshot
from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.datasets.pairs import REASONS
from feedback.judgements.models import Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


def reasons(version: DatasetVersion) -> dict[str, int]:
    """The reasons, after asking that every candidate is in or out, once."""
    counts: dict[str, int] = version.counts["excluded"]
    assert version.state == "done", version.error
    assert version.counts["candidates"] == version.pairs.count() + sum(counts.values())
    assert version.rows.filter(kind="excluded").count() == sum(counts.values())
    assert set(counts) <= set(REASONS)
    return counts


def test_it_makes_a_pair_of_the_winner_over_the_other(compared: Compared, built: Built) -> None:
    verdict = compared("AAB", strength=1)
    version = built()
    pair = version.pairs.get()
    assert (pair.chosen[0]["content"], pair.rejected[0]["content"]) == ("Yes, within 30 days.", "No idea.")
    assert pair.prompt[-1]["role"] == "user"
    assert (pair.n_votes, pair.votes_for, pair.votes_against, pair.votes_tied) == (3, 2, 1, 0)
    assert pair.vote_share == pytest.approx(2 / 3)
    assert pair.strength == 1.0
    assert pair.verdict_id == verdict.pk
    assert reasons(version) == {}


def test_it_says_where_a_pair_comes_from(compared: Compared, built: Built, reviewers: list[Any]) -> None:
    compared("AAB", rule_label="weekly 2", inclusion_probability=0.25, origin="helpdesk")
    facts = built().pairs.get().provenance
    assert facts["reviewers"] == [member.pseudonym for member in reviewers[:3]]
    assert (facts["queue"], facts["sampling_rule"], facts["inclusion_probability"]) == ("helpdesk", "weekly 2", 0.25)
    assert facts["chosen"]["model"] == "small-1"
    assert facts["method"] == "consensus"


def test_the_second_response_can_win(compared: Compared, built: Built) -> None:
    compared("BBA")
    assert built().pairs.get().chosen[0]["content"] == "No idea."


@pytest.mark.parametrize(
    ("votes", "rule", "reason"),
    [
        ("AB", {}, "tie"),
        ("TTA", {}, "tie"),
        ("XXA", {}, "both_bad"),
        ("AA", {"min_votes": 3}, "too_few_votes"),
        ("AAT", {"min_share": 0.7}, "low_share"),
        ("AAA", {"min_strength": 2.5}, "low_strength"),
        ("AAA", {"requires_consent": True}, "no_consent"),
    ],
)
def test_it_leaves_out_what_the_rule_does_not_want(
    compared: Compared, built: Built, votes: str, rule: dict[str, Any], reason: str
) -> None:
    compared(votes)
    version = built(**rule)
    assert reasons(version) == {reason: 1}
    assert not version.pairs.exists()


def test_two_of_three_is_two_thirds(compared: Compared, built: Built) -> None:
    compared("AAB")
    assert built(min_share=2 / 3).counts["pairs"] == 1
    assert built(min_share=0.6666666667).counts["pairs"] == 1
    assert built(min_share=0.67).counts["pairs"] == 0


def test_a_moderator_decides_whatever_the_votes_were(compared: Compared, built: Built) -> None:
    verdict = compared("AB")
    better = verdict.answers["better"]
    first = int(next(iter(better["votes"])))
    answers = {"better": {**better, "outcome": "preferred", "preferred": first, "strength": 2, "adjudicated": True}}
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False)
    fields: dict[str, Any] = {"method": "adjudicated", "answers": answers}
    make.verdict(verdict.subject, verdict.rubric_version, [], **fields)
    assert built(min_votes=3, min_share=0.9).pairs.get().vote_share == 0.5
    assert reasons(built(min_votes=3, moderators_decide=False)) == {"too_few_votes": 1}


def test_it_needs_no_vote_where_a_moderator_decided_alone(compared: Compared, built: Built) -> None:
    verdict = compared("A")
    better = {**verdict.answers["better"], "adjudicated": True, "n": 0, "votes": {}}
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False)
    make.verdict(verdict.subject, verdict.rubric_version, [], method="adjudicated", answers={"better": better})
    pair = built().pairs.get()
    assert (pair.n_votes, pair.vote_share) == (0, 0.0)


def test_gold_answers_are_never_training_data(compared: Compared, built: Built) -> None:
    compared("AAA", method=Verdict.Method.GOLD)
    assert built().counts["candidates"] == 0


def test_an_unanswered_optional_comparison_is_no_candidate(compared: Compared, built: Built) -> None:
    verdict = compared("A")
    empty: dict[str, Any] = {
        "kind": "comparison",
        "outcome": None,
        "preferred": None,
        "votes": {},
        "n": 0,
        "strength": None,
    }
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False)
    make.verdict(verdict.subject, verdict.rubric_version, [], answers={"better": empty})
    assert built().counts["candidates"] == 0


def test_only_the_queues_of_the_rule_count(compared: Compared, built: Built) -> None:
    compared("AAA", origin="helpdesk")
    compared("AAA", origin="other")
    assert built(queues=["other"]).pairs.get().provenance["queue"] == "other"


def test_ratings_of_two_answers_to_one_question_make_a_pair(project: Project, rated: Rated, built: Built) -> None:
    good, bad = (make.response(project, text, question="How?") for text in ("Like so.", "Ask elsewhere."))
    rated(bad, 2, 2)
    verdict = rated(good, 4, 5)
    version = built(rating_criterion="helpful", min_rating_difference=2)
    pair = version.pairs.get()
    assert (pair.source, pair.strength, pair.chosen_response_id) == (PreferencePair.Source.RATING, 2.5, good.pk)
    assert pair.verdict_id == verdict.pk
    assert pair.provenance["means"] == [4.5, 2.0]
    assert reasons(version) == {}


def test_close_ratings_are_left_out(project: Project, rated: Rated, built: Built) -> None:
    for text in ("One.", "Two.", "Three."):
        rated(make.response(project, text, question="How?"), 4, 4)
    assert reasons(built(rating_criterion="helpful")) == {"small_difference": 3}


def test_ratings_of_different_questions_are_not_compared(project: Project, rated: Rated, built: Built) -> None:
    rated(make.response(project, "One."), 1)
    rated(make.response(project, "Two."), 5)
    assert built(rating_criterion="helpful").counts["candidates"] == 0


def test_a_rewrite_is_chosen_over_the_original(project: Project, rated: Rated, built: Built) -> None:
    response = make.response(project, "You have 10 days.")
    rated(response, 2, rewrite={"response": response.pk, "text": "You have 30 days to claim."})
    version = built()
    pair = version.pairs.get()
    assert (pair.chosen[0]["content"], pair.chosen_response) == ("You have 30 days to claim.", None)
    assert pair.rejected_response == response
    assert built(corrections=False).counts["candidates"] == 0


@pytest.mark.parametrize(("text", "reason"), [("you have  10 DAYS.", "same_text"), ("You have 30 days.", "small_edit")])
def test_a_rewrite_that_says_nothing_new_is_left_out(
    project: Project, rated: Rated, built: Built, text: str, reason: str
) -> None:
    response = make.response(project, "You have 10 days.")
    rated(response, 2, rewrite={"response": response.pk, "text": text})
    assert reasons(built()) == {reason: 1}


def test_the_same_text_twice_is_no_pair(compared: Compared, built: Built) -> None:
    compared("AAA", texts=("Yes.", " YES. "))
    assert reasons(built()) == {"same_text": 1}


def test_an_empty_answer_is_no_pair(compared: Compared, built: Built) -> None:
    compared("AAA", texts=("Yes.", " \n"))
    assert reasons(built()) == {"blank": 1}


def system(text: str, role: str = "system") -> list[dict[str, Any]]:
    return [{"role": role, "content": text}, {"role": "user", "content": "May I cancel?"}]


@pytest.mark.parametrize(
    ("policy", "prompt"),
    [("same", None), ("chosen", system("Be brief.")), ("without", system("")[1:])],
)
def test_the_policy_for_system_prompts(
    project: Project, compared: Compared, built: Built, policy: str, prompt: list[dict[str, Any]] | None
) -> None:
    first = make.response(project, "Yes.", messages=system("Be brief."))
    second = make.response(project, "Maybe.", messages=system("Be kind.", "developer"))
    compared("AAA", pair=(first, second))
    version = built(system_prompts=policy)
    if prompt is None:
        assert reasons(version) == {"different_system_prompts": 1}
    else:
        assert version.pairs.get().prompt == prompt


def test_other_ids_of_the_same_tool_calls_are_the_same_prompt(
    project: Project, compared: Compared, built: Built
) -> None:
    def turns(call_id: str) -> list[dict[str, Any]]:
        call = {"id": call_id, "type": "function", "function": {"name": "find", "arguments": "{}"}}
        return [
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call_id, "content": "Here."},
        ]

    pair = tuple(make.response(project, text, messages=turns(name)) for text, name in (("Here.", "a"), ("There.", "b")))
    compared("AAA", pair=pair)
    assert built().counts["pairs"] == 1


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "prompt_not_open"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "not_only_text"),
    ],
)
def test_prompts_that_trainers_cannot_take(
    project: Project, compared: Compared, built: Built, messages: list[dict[str, Any]], reason: str
) -> None:
    pair = tuple(make.response(project, text, messages=messages) for text in ("Yes.", "No."))
    compared("AAA", pair=pair)
    assert reasons(built()) == {reason: 1}


def test_parts_of_text_are_joined(project: Project, compared: Compared, built: Built) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "May I "}, {"type": "text", "text": "cancel?"}]}]
    pair = tuple(make.response(project, text, messages=parts) for text in ("Yes.", "No."))
    compared("AAA", pair=pair)
    assert built().pairs.get().prompt == [{"role": "user", "content": "May I cancel?"}]


def test_different_tools_are_different_prompts(project: Project, compared: Compared, built: Built) -> None:
    tool = {"type": "function", "function": {"name": "find", "parameters": {}}}
    first = make.response(project, "Yes.", question="May I?", body={"tools": [tool]})
    second = make.response(project, "No.", question="May I?")
    compared("AAA", pair=(first, second))
    assert reasons(built()) == {"different_tools": 1}


def test_a_pair_is_in_a_version_once(project: Project, compared: Compared, built: Built) -> None:
    pair = (make.response(project, "Yes.", question="May I?"), make.response(project, "No.", question="May I?"))
    compared("AAA", pair=pair)
    compared("AAA", pair=pair, origin="second")
    version = built()
    assert (version.counts["pairs"], reasons(version)) == (1, {"duplicate": 1})


def test_pairs_that_contradict_each_other_are_both_left_out(project: Project, compared: Compared, built: Built) -> None:
    pair = (make.response(project, "Yes.", question="May I?"), make.response(project, "No.", question="May I?"))
    compared("AAA", pair=pair)
    compared("BBB", pair=pair, origin="second")
    assert reasons(built()) == {"contradicted": 2}


def test_the_first_reason_that_applies_is_named(project: Project, compared: Compared, built: Built) -> None:
    pair = (make.response(project, "Yes."), make.response(project, "No."))
    compared("A", pair=pair)
    assert reasons(built(min_votes=2, requires_consent=True)) == {"too_few_votes": 1}
    assert reasons(built(requires_consent=True)) == {"no_consent": 1}
    assert reasons(built()) == {"different_prompts": 1}


def test_pairs_that_contradict_each_other_fall_into_one_block(
    project: Project, compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "BLOCK", 1)
    pair = (make.response(project, "Yes.", question="May I?"), make.response(project, "No.", question="May I?"))
    compared("AAA", pair=pair)
    compared("BBB", pair=pair, origin="second")
    assert reasons(built()) == {"contradicted": 2}
