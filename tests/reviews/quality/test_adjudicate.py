"""A moderator settles a dispute: what is written, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review, Verdict
from feedback.judgements.refusal import AnswersRefused
from feedback.responses.models import Response
from reviews.quality.adjudicate import NotDisputed, ReviewedIt, adjudicate
from reviews.quality.models import Adjudication
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make

GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 5}


@pytest.fixture
def item(project: Project, reviewer: Member, other_reviewer: Member) -> Item:
    queue, subject = make.queue(project), make.subject(make.response(project))
    make.counted(queue, subject, reviewer, GOOD)
    make.counted(queue, subject, other_reviewer, BAD)
    settle_complete_items()
    return Item.objects.select_related("queue").get()


def test_only_the_disputed_criterion_is_decided(item: Item, moderator: Member) -> None:
    verdict = adjudicate(item, moderator, {"grounded": "no"}, " The policy says otherwise. ")
    assert (verdict.method, verdict.settled_by, verdict.reason) == (
        "adjudicated",
        moderator,
        "The policy says otherwise.",
    )
    votes = {"no": 1, "yes": 1}
    expected = {"kind": "yes_no", "value": "no", "share": 0.5, "votes": votes, "n": 2, "adjudicated": True}
    expected["posterior"] = {"yes": 0.5, "no": 0.5}  # as far as the two reviewers tell
    assert verdict.answers["grounded"] == expected
    assert verdict.answers["helpful"]["mean"] == 4.5
    assert (verdict.is_failure, verdict.n_reviews) == (True, 2)
    item.refresh_from_db()
    assert item.state == "settled"
    assert Response.objects.get().verdict == "failed"
    dispute = Adjudication.objects.get()
    assert (dispute.settled_by, dispute.verdict) == (moderator, verdict)
    event = AuditEvent.objects.get(verb="item-adjudicated")
    assert (event.actor, event.facts["criteria"]) == (str(moderator.key), ["grounded"])


def test_whoever_reviewed_it_does_not_settle_it(item: Item, reviewer: Member) -> None:
    Review.objects.filter(reviewer=reviewer).update(withdrawn_at="2024-01-01T00:00:00Z")
    with pytest.raises(ReviewedIt):
        adjudicate(item, reviewer, {"grounded": "no"}, "Mine was right.")


def test_it_is_settled_once(item: Item, moderator: Member, admin: Member) -> None:
    adjudicate(item, moderator, {"grounded": "no"}, "It is not.")
    with pytest.raises(NotDisputed):
        adjudicate(item, admin, {"grounded": "yes"}, "It is.")
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "reason", "pointer"),
    [({}, "Why.", "/grounded"), ({"grounded": "maybe"}, "Why.", "/grounded"), ({"grounded": "no"}, " ", "/reason")],
)
def test_a_decision_needs_an_answer_and_a_reason(
    item: Item, moderator: Member, answers: dict[str, Any], reason: str, pointer: str
) -> None:
    with pytest.raises(AnswersRefused) as refusal:
        adjudicate(item, moderator, answers, reason)
    assert refusal.value.errors[0]["pointer"] == pointer
    assert not Verdict.objects.exists()


def test_a_comparison_takes_the_moderators_choice_and_strength(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    left, right = (make.response(project, text, question="When?") for text in ("In May.", "In June."))
    queue, subject = make.queue(project, subject_size=2), make.subject(left, right)
    for person, pick in ((reviewer, left), (other_reviewer, right)):
        make.counted(queue, subject, person, {"better": {"outcome": "preferred", "preferred": pick.pk, "strength": 1}})
    settle_complete_items()
    choice = {"outcome": "preferred", "preferred": right.pk, "strength": 2}
    answer = adjudicate(Item.objects.get(), moderator, {"better": choice}, "June is right.").answers["better"]
    assert (answer["outcome"], answer["preferred"], answer["strength"], answer["share"]) == (
        "preferred",
        right.pk,
        2,
        0.5,
    )
    assert answer["votes"] == {str(left.pk): 1, str(right.pk): 1, "tie": 0, "both_bad": 0}


def test_marks_in_dispute_are_decided_by_yes_or_no(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    kinds = {"kinds": [{"value": "fabricated", "label": "Fabricated"}]}
    criteria = [{"key": "flags", "kind": "spans", "label": "Marks", "options": kinds, "fails_when": {"any": True}}]
    queue, subject = make.queue(project, criteria=criteria), make.subject(make.response(project, "Abc."))
    mark = {"start": 0, "end": 3, "quote": "Abc", "kind": "fabricated"}
    make.counted(queue, subject, reviewer, {"flags": [mark]})
    make.counted(queue, subject, other_reviewer, {"flags": []})
    settle_complete_items()
    with pytest.raises(AnswersRefused):
        adjudicate(Item.objects.get(), moderator, {"flags": [mark]}, "There is.")
    verdict = adjudicate(Item.objects.get(), moderator, {"flags": "yes"}, "There is.")
    assert (verdict.answers["flags"]["value"], verdict.is_failure) == ("yes", True)


def test_more_reviews_supersede_the_decision(item: Item, moderator: Member, curator: Member) -> None:
    decided = adjudicate(item, moderator, {"grounded": "no"}, "It is not.")
    make.counted(item.queue, item.subject, curator, GOOD)
    settle_complete_items()
    decided.refresh_from_db()
    assert not decided.is_current
    assert Verdict.objects.current().get().answers["grounded"]["value"] == "yes"


def test_the_same_reviews_leave_the_decision_alone(item: Item, moderator: Member) -> None:
    decided = adjudicate(item, moderator, {"grounded": "no"}, "It is not.")
    Item.objects.update(state="complete")
    settle_complete_items()
    assert Verdict.objects.get() == decided
    assert Item.objects.get().state == "settled"
