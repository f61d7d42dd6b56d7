"""Sweeps, tabs and people at the same time, on PostgreSQL with a connection each: one review a person and round."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member
from reviews.quality import invariants as quality
from reviews.quality.repeat_give import top_up
from reviews.quality.repeat_models import RepeatSetting, RepeatTurn
from reviews.quality.settle import settle_complete_items
from reviews.queues import invariants as queues
from reviews.queues.models import Assignment, Item, Place, Queue
from tests import make
from tests.races import outcomes_at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def setting(gold: Any) -> RepeatSetting:
    made: RepeatSetting = RepeatSetting.objects.create(
        project=gold.project, queue=gold.queue, is_on=True, rate=0.2, seed="seed"
    )
    return made


def judged(queue: Queue, person: Member, n: int) -> None:
    for _ in range(n):
        subject = make.subject(make.response(queue.project))
        make.counted(queue, subject, person, make.ANSWERS, submitted_at=timezone.now() - timedelta(days=30))


def sound() -> None:
    for invariant in [*queues.INVARIANTS, *quality.INVARIANTS]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise
    turns = Counter(Assignment.objects.values_list("item", "reviewer", "round"))
    assert set(turns.values()) == {1}
    assert not Item.objects.exclude(k=1).exists()


def test_four_sweeps_ask_for_no_turn_twice(gold: Any, setting: RepeatSetting, reviewer: Member) -> None:
    judged(gold.queue, reviewer, 8)
    results = outcomes_at_once(*[lambda: top_up(setting, reviewer)] * 4)
    assert [result for result in results if isinstance(result, Exception)] == []
    kept = Counter(Place.objects.filter(round=2).values_list("item", "reserved_for"))
    assert set(kept.values()) == {1}
    assert RepeatTurn.objects.count() == Place.objects.filter(round=2).count()
    sound()


def test_two_tabs_of_each_person_work_while_places_are_kept(gold: Any, setting: RepeatSetting) -> None:
    people = [make.member(gold.project, name=f"P {number}") for number in range(3)]
    for person in people:
        judged(gold.queue, person, 4)
    gold.ordinary(45)
    Item.objects.filter(queue=gold.queue).update(settle_after=None)

    def work(person: Member) -> int:
        done = 0
        while True:
            try:
                if gold.turn(person) is None:
                    return done
                done += 1
            except Assignment.DoesNotExist:
                raise
            except Exception as lost:  # the other tab was first
                if type(lost).__name__ not in {"ClaimLost", "SubmissionReused"}:
                    raise
            top_up(setting, person)
            settle_complete_items()

    results = outcomes_at_once(*[lambda person=person: work(person) for person in people for _ in range(2)])
    assert [result for result in results if isinstance(result, Exception)] == []
    again = Assignment.objects.filter(round=2, state="submitted")
    assert again.count() == RepeatTurn.objects.answered().count() >= 3
    assert all(turn.is_extra for turn in again)
    assert Assignment.objects.filter(round=1, state="submitted").count() == 12 + 45
    sound()
