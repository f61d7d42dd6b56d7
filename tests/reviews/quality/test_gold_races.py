"""Several sweeps and reviewers at the same time, on PostgreSQL with a connection each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from feedback.accounts.models import Member
from reviews.quality import invariants as quality
from reviews.quality.gold_check import check_all
from reviews.quality.gold_give import AHEAD, top_up
from reviews.quality.gold_models import GoldCheck, GoldTurn
from reviews.queues import invariants as queues
from reviews.queues.models import Place
from tests import make
from tests.races import outcomes_at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def sound() -> None:
    for invariant in [*queues.INVARIANTS, *quality.INVARIANTS]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise


def test_four_sweeps_keep_no_place_twice(gold: Any, reviewer: Member) -> None:
    gold.items(8)
    results = outcomes_at_once(*[lambda: top_up(gold.setting, reviewer)] * 4)
    assert [result for result in results if isinstance(result, Exception)] == []
    top_up(gold.setting, reviewer)
    turns = list(GoldTurn.objects.order_by("number"))
    assert AHEAD <= len(turns) <= 4 * AHEAD
    assert [turn.number for turn in turns] == list(range(1, len(turns) + 1))
    kept = Counter(Place.objects.filter(is_extra=True).values_list("item", "reserved_for"))
    assert set(kept.values()) == {1}
    assert Place.objects.filter(is_extra=True).count() == len(turns)
    sound()


def test_people_work_while_gold_is_kept_and_compared(gold: Any) -> None:
    gold.items(5)
    gold.ordinary(60)
    people = [make.member(gold.project, name=f"P {number}") for number in range(3)]

    def work(person: Member) -> int:
        done = 0
        while gold.turn(person) is not None:
            done += 1
            top_up(gold.setting, person)
            if done % 5 == 0:
                check_all()
        return done

    results = outcomes_at_once(*[lambda person=person: work(person) for person in people])
    assert [result for result in results if isinstance(result, Exception)] == []
    while check_all():
        pass
    assert sum(results) == 60 + GoldCheck.objects.count()
    assert GoldCheck.objects.count() >= 3
    sound()
