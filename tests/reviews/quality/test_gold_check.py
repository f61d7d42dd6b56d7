"""Checking reviews against gold, and questioning the gold instead of the people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.audit.models import AuditEvent
from feedback.judgements.refusal import AnswersRefused
from reviews.quality import gold_make
from reviews.quality.gold_check import against, check_all
from reviews.quality.gold_give import top_up
from reviews.quality.gold_models import GoldCheck, GoldItem, GoldRevision
from reviews.queues.claim import claim
from reviews.queues.items import invalidate
from reviews.queues.models import Queue
from reviews.queues.submit import submit
from tests import make

pytestmark = pytest.mark.django_db


def answer_all(gold: Any, reviewer: Member, wrong: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    """Every gold item by the reserved way, as places come up."""
    while top_up(gold.setting, reviewer):
        gold.queue.places.filter(is_extra=True, state="open").update(after_submits=None)
        while (held := gold.turn_at(reviewer)) is not None:
            gold.answer(held, reviewer, held.item.gold.pk in wrong)


@pytest.fixture
def hands(gold: Any) -> Any:
    gold.turn_at = lambda reviewer: claim(gold.queue, reviewer)
    gold.answer = lambda held, reviewer, is_wrong: submit(
        held.token,
        reviewer,
        {"grounded": "no", "helpful": 1} if is_wrong else make.ANSWERS,
        submission_id=uuid4(),
    )
    return gold


def test_it_compares_with_what_was_expected(hands: Any, reviewer: Member) -> None:
    right, wrong = hands.items(2)
    answer_all(hands, reviewer, {wrong.pk})
    assert check_all() == 2
    assert check_all() == 0
    assert right.checks.get().right == {"grounded": True, "helpful": True}
    assert wrong.checks.get().right == {"grounded": False, "helpful": False}
    assert GoldCheck.objects.counted().by_reviewer() == {reviewer.pk: (1, 2)}


def test_it_waits_until_the_review_cannot_be_undone(hands: Any, reviewer: Member) -> None:
    hands.items(1)
    Queue.objects.filter(pk=hands.queue.pk).update(grace_seconds=600)
    answer_all(hands, reviewer)
    assert check_all() == 0
    Queue.objects.filter(pk=hands.queue.pk).update(grace_seconds=0)
    assert check_all() == 1


def test_ordinary_reviews_of_gold_are_checked_too_but_none_from_before(hands: Any, reviewer: Member) -> None:
    item, before = hands.ordinary(2)
    hands.of(item)
    hands.turn(reviewer)
    hands.turn(reviewer)
    hands.of(before)
    assert check_all() == 1
    assert GoldCheck.objects.get().gold.item == item


def test_a_check_is_made_once(hands: Any, reviewer: Member) -> None:
    hands.items(1)
    answer_all(hands, reviewer)
    check_all()
    check = GoldCheck.objects.get()
    check.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        check.save(force_insert=True)


def test_what_was_expected_never_changes(gold: Any) -> None:
    item = gold.items(1)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldRevision.objects.filter(gold=item).update(answers={})


def test_a_revision_keeps_the_past_as_it_was(hands: Any, reviewer: Member, moderator: Member) -> None:
    item = hands.items(1)[0]
    answer_all(hands, reviewer)
    check_all()
    gold_make.revise(item, {"grounded": "no"}, moderator, why="The source says sixty days.")
    check = GoldCheck.objects.get()
    assert (check.revision.number, check.is_right) == (1, True)
    assert not GoldCheck.objects.counted().exists()
    assert item.revision.answers == {"grounded": "no"}


def test_a_review_is_compared_with_what_was_expected_then(hands: Any, reviewer: Member, moderator: Member) -> None:
    item = hands.items(1)[0]
    answer_all(hands, reviewer)
    gold_make.revise(item, {"grounded": "no"}, moderator)
    check_all()
    assert GoldCheck.objects.get().revision.number == 1


def test_invalidated_reviews_say_nothing_of_a_person(hands: Any, reviewer: Member, moderator: Member) -> None:
    hands.items(1)
    answer_all(hands, reviewer)
    check_all()
    invalidate(GoldCheck.objects.get().assignment, moderator)
    assert not GoldCheck.objects.counted().exists()


def crowd(hands: Any, n: int, doubtful: GoldItem) -> list[Member]:
    people = [make.member(hands.project, name=f"Good {number}") for number in range(n)]
    for person in people:
        answer_all(hands, person, {doubtful.pk})
    return people


def test_gold_that_good_reviewers_fail_is_questioned_and_counts_against_nobody(hands: Any, moderator: Member) -> None:
    *_, doubtful = hands.items(6)
    people = crowd(hands, 3, doubtful)
    check_all()
    doubtful.refresh_from_db()
    assert doubtful.state == "questioned"
    assert GoldCheck.objects.counted().by_reviewer() == {person.pk: (5, 5) for person in people}
    assert AuditEvent.objects.filter(verb="gold-questioned").count() == 1
    assert top_up(hands.setting, make.member(hands.project)) == 3
    assert not doubtful.turns.filter(place__state="open").exists()
    gold_make.confirm(doubtful, moderator)
    check_all()
    doubtful.refresh_from_db()
    assert doubtful.state == "active"
    assert GoldCheck.objects.counted().by_reviewer() == {person.pk: (5, 6) for person in people}
    assert against(doubtful)[:2] == (0, 0)


def test_two_failures_are_no_reason(hands: Any) -> None:
    *_, doubtful = hands.items(6)
    crowd(hands, 2, doubtful)
    check_all()
    doubtful.refresh_from_db()
    assert doubtful.state == "active"


def test_those_who_fail_other_gold_too_question_nothing(hands: Any) -> None:
    items = hands.items(6)
    for number in range(4):
        answer_all(hands, make.member(hands.project, name=f"Bad {number}"), {item.pk for item in items})
    check_all()
    assert set(GoldItem.objects.values_list("state", flat=True)) == {"active"}


def test_a_retired_item_counts_against_nobody(hands: Any, reviewer: Member, moderator: Member) -> None:
    item = hands.items(1)[0]
    answer_all(hands, reviewer, {item.pk})
    check_all()
    gold_make.retire(item, moderator)
    assert not GoldCheck.objects.counted().exists()
    with pytest.raises(gold_make.GoldRefused):
        gold_make.confirm(item, moderator)


def test_an_item_is_gold_once(gold: Any) -> None:
    item = gold.items(1)[0].item
    with pytest.raises(gold_make.GoldRefused):
        gold.of(item)


@pytest.mark.parametrize("answers", [{}, {"grounded": "maybe"}, {"nothing": 1}, "yes", {"helpful": 99}])
def test_answers_that_no_review_could_have_are_refused(gold: Any, answers: Any) -> None:
    with pytest.raises(AnswersRefused):
        gold_make.make(gold.ordinary(1)[0], answers, gold.curator)


@pytest.mark.parametrize("tolerance", [{"grounded": 1}, {"helpful": "x"}, {"helpful": -1}, {"nothing": 1}])
def test_tolerances_are_for_scales_sets_and_marks(gold: Any, tolerance: Any) -> None:
    with pytest.raises(AnswersRefused):
        gold_make.make(gold.ordinary(1)[0], make.ANSWERS, gold.curator, tolerance=tolerance)


def test_verdicts_of_one_mind_and_of_moderators_are_recommended(gold: Any, reviewer: Member) -> None:
    people = [make.member(gold.project, name=f"V {number}") for number in range(3)]
    verdicts = []
    for split in (False, True):
        subject = make.subject(make.response(gold.project))
        said = [{"grounded": "no" if split and who == people[0] else "yes", "helpful": 4} for who in people]
        reviews = [make.counted(gold.queue, subject, *of) for of in zip(people, said, strict=True)]
        verdicts.append(make.verdict(subject, gold.queue.rubric_version, reviews, origin=gold.queue.key))
    assert gold_make.recommended(gold.queue) == [verdicts[0]]
    assert gold_make.make_from_verdicts(gold.queue, [row.pk for row in verdicts], gold.curator) == 1
    made = GoldItem.objects.get()
    assert (made.origin, made.revision.answers) == ("verdict", {"grounded": "yes", "helpful": 4, "flags": []})
    assert gold_make.recommended(gold.queue) == []
    assert made.created_at <= timezone.now() + timedelta(seconds=1)
