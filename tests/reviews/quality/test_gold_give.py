"""Giving gold: at the rate, evenly, once each, and only to those who review."""

from __future__ import annotations

import math
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from reviews.quality.gold_give import AHEAD, position, top_up, top_up_all
from reviews.quality.gold_make import retire
from reviews.quality.gold_models import GoldItem, GoldSetting, GoldTurn
from reviews.queues.claim import claim
from reviews.queues.items import withdraw
from reviews.queues.models import Admission, Place, Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rate", [0.05, 0.07, 0.1, 1 / 3, 0.5])
def test_the_positions_keep_the_rate_to_within_one(rate: float) -> None:
    for reviewer in range(5):
        found = [position(number, rate, "s", reviewer) for number in range(1, 400)]
        assert found == sorted(set(found))
        for n in (100, 500, 780):
            given = sum(at < n for at in found)
            assert math.floor(n * rate) - 1 <= given <= math.ceil(n * rate) + 1


def test_the_spacing_is_not_regular_and_differs_between_people() -> None:
    mine, theirs = ([position(n, 0.1, "s", who) for n in range(1, 200)] for who in (1, 2))
    gaps = {after - before for before, after in zip(mine, mine[1:], strict=False)}
    assert len(gaps) > 12
    assert mine != theirs
    assert {at % 10 for at in mine} == set(range(10))


def test_they_come_where_they_were_drawn(gold: Any, reviewer: Member) -> None:
    gold.items(5)
    gold.ordinary(40)
    top_up(gold.setting, reviewer)
    found = []
    for _ in range(40):
        turn = gold.turn(reviewer)
        found.append(turn.is_extra)
        top_up(gold.setting, reviewer)
    drawn = [position(number, 0.1, "seed", reviewer.pk) for number in range(1, 5)]
    assert [at for at, is_gold in enumerate(found) if is_gold] == [at for at in drawn if at < 40]


def test_a_late_sweep_keeps_the_rate(gold: Any, reviewer: Member) -> None:
    """Places are kept ahead: it is enough when the sweep comes before they run out."""
    gold.items(6)
    gold.ordinary(60)
    found = []
    for number in range(60):
        if number % 20 == 0:
            top_up(gold.setting, reviewer)
        found.append(gold.turn(reviewer).is_extra)
    assert sum(found) == 6


def test_who_was_without_for_long_does_not_get_several_at_once(gold: Any, reviewer: Member) -> None:
    gold.ordinary(40)
    gold.items(1)
    top_up(gold.setting, reviewer)
    assert sum(gold.turn(reviewer).is_extra for _ in range(30)) == 1
    gold.items(3)
    top_up(gold.setting, reviewer)
    assert sum(gold.turn(reviewer).is_extra for _ in range(8)) <= 2


def test_exposure_is_even(gold: Any, project: Project) -> None:
    items = gold.items(7)
    people = [make.member(project, name=f"R {number}") for number in range(5)]
    for person in people:
        top_up(gold.setting, person)
        uses = [row.n_uses for row in GoldItem.objects.with_uses()]  # type: ignore[attr-defined]
        assert max(uses) - min(uses) <= 1
    assert GoldTurn.objects.count() == len(people) * AHEAD
    assert len({turn.gold_id for turn in GoldTurn.objects.all()}) == len(items)


def test_nobody_gets_an_item_twice_or_their_own(gold: Any, reviewer: Member, curator: Member) -> None:
    gold.items(2)
    assert top_up(gold.setting, reviewer) == 2
    assert top_up(gold.setting, reviewer) == 0
    assert top_up(gold.setting, curator) == 0


def test_who_reviewed_the_item_is_not_asked_again(gold: Any, reviewer: Member) -> None:
    item = gold.ordinary(1)[0]
    gold.turn(reviewer)
    gold.of(item)
    assert top_up(gold.setting, reviewer) == 0


def test_the_sweep_tops_up_those_who_have_begun(gold: Any, reviewer: Member, other_reviewer: Member) -> None:
    gold.items(4)
    gold.ordinary(2)
    assert top_up_all() == 0
    claim(gold.queue, reviewer)
    assert top_up_all() == AHEAD
    assert {place.reserved_for for place in Place.objects.filter(is_extra=True)} == {reviewer}
    assert top_up_all() == 0


@pytest.mark.parametrize("change", ["off", "paused", "named", "role"])
def test_it_is_kept_for_nobody_who_could_not_claim(gold: Any, reviewer: Member, admin: Member, change: str) -> None:
    gold.items(4)
    gold.ordinary(2)
    claim(gold.queue, reviewer)
    if change == "off":
        GoldSetting.objects.update(is_on=False)
    elif change == "paused":
        Queue.objects.update(state="paused")
    elif change == "named":
        Queue.objects.update(is_restricted=True)
        Admission.objects.create(project=gold.project, queue=gold.queue, member=admin)
    else:
        Member.objects.filter(pk=reviewer.pk).update(disabled_at="2024-01-01T00:00:00Z")
    assert top_up_all() == 0


def test_a_retired_item_is_not_given_any_more(gold: Any, reviewer: Member, moderator: Member) -> None:
    first, *_ = gold.items(2)
    top_up(gold.setting, reviewer)
    retire(first, moderator)
    assert Place.objects.filter(is_extra=True, state="open").count() == 1
    assert top_up(gold.setting, reviewer) == 0


def test_a_withdrawn_item_is_not_given(gold: Any, reviewer: Member) -> None:
    first, _ = gold.items(2)
    withdraw(first.item)
    assert top_up(gold.setting, reviewer) == 1


def test_one_that_was_reached_by_the_ordinary_way_makes_room(gold: Any, reviewer: Member) -> None:
    item = gold.ordinary(1)[0]
    gold.of(item)
    GoldSetting.objects.update(rate=0.005)
    gold.setting.refresh_from_db()
    assert top_up(gold.setting, reviewer) == 1
    assert not gold.turn(reviewer).is_extra
    top_up(gold.setting, reviewer)
    assert Place.objects.get(is_extra=True).state == "withdrawn"


def test_other_projects_have_their_own(gold: Any, outsider: Member) -> None:
    gold.items(3)
    other = make.queue(outsider.project, k=1)
    setting = GoldSetting.objects.create(project=outsider.project, queue=other)
    make.items(other, 2)
    claim(other, outsider)
    assert top_up(setting, outsider) == 0
    assert top_up_all() == 0
