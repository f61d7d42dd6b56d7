"""Silent repeats: the same person again, after a while, beside all that counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.quality import agreement, invariants, reliability
from reviews.quality.gold_give import top_up as top_up_gold
from reviews.quality.repeat_give import AHEAD, top_up, top_up_all
from reviews.quality.repeat_models import RepeatSetting, RepeatTurn
from reviews.quality.settle import settle_complete_items
from reviews.queues import invariants as queues
from reviews.queues import items as items_of
from reviews.queues.claim import claim, remaining
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.submit import skip, submit, undo
from tests import make
from tests.reviews.quality.test_gold_hidden import Person, only_by_claim, same

pytestmark = pytest.mark.django_db
OLD = timedelta(days=30)


class Again:
    """`again.judged(3)`: items that the reviewer judged a month ago; `again.due()`: the next claim is a repeat."""

    def __init__(self, project: Project, reviewer: Member) -> None:
        self.project, self.reviewer = project, reviewer
        self.queue = make.queue(project, k=1, grace_seconds=600)
        self.setting = RepeatSetting.objects.create(project=project, queue=self.queue, is_on=True, seed="seed")

    def judged(self, n: int, ago: timedelta = OLD, **answers: Any) -> list[Item]:
        at = timezone.now() - ago
        for _ in range(n):
            subject = make.subject(make.response(self.project, "Answer 0.", question=f"Q{next(make.counter)}?"))
            make.counted(self.queue, subject, self.reviewer, {**make.ANSWERS, **answers}, submitted_at=at)
        Item.objects.filter(queue=self.queue).update(settle_after=None)
        settle_complete_items()
        return list(Item.objects.filter(queue=self.queue).order_by("-pk")[:n])

    def due(self, *afters: int) -> None:
        """Make what is kept come up now, or after so many submits each."""
        rows = Place.objects.filter(queue=self.queue, round=2).order_by("pk")
        for place, after in zip(rows, afters or [0] * len(rows), strict=False):
            since = timezone.now() - timedelta(seconds=1)
            Place.objects.filter(pk=place.pk).update(after_submits=after, submits_since=since)

    def turn(self, **answers: Any) -> Assignment | None:
        held = claim(self.queue, self.reviewer)
        return held and submit(held.token, self.reviewer, {**make.ANSWERS, **answers}, submission_id=uuid4())


@pytest.fixture
def again(project: Project, reviewer: Member) -> Again:
    return Again(project, reviewer)


@pytest.fixture(autouse=True)
def sound() -> Iterator[None]:
    """Whatever happened, `verify` has nothing to say."""
    yield
    for invariant in [*queues.INVARIANTS, *invariants.INVARIANTS]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise


def test_the_same_person_is_asked_again_and_nothing_that_counts_moves(again: Again, reviewer: Member) -> None:
    (item,) = again.judged(1)
    before = Verdict.objects.get()
    assert top_up(again.setting, reviewer) == 1
    again.due()
    assert remaining(again.queue, reviewer) == 1
    turn = again.turn(grounded="no")
    assert turn is not None
    assert (turn.item, turn.round, turn.is_extra, turn.state) == (item, 2, True, "submitted")
    assert turn.review is not None
    assert turn.review.round == 2
    item.refresh_from_db()
    assert (item.state, item.k, item.n_filled) == ("settled", 1, 1)
    assert settle_complete_items() == 0
    assert Verdict.objects.get() == before
    assert again.turn() is None


def test_it_counts_in_no_agreement(again: Again, reviewer: Member) -> None:
    again.judged(1)
    top_up(again.setting, reviewer)
    again.due()
    again.turn(grounded="no")
    for filters in ({}, {"drawn": "all"}):
        found = agreement.compute(again.project.pk, filters, lambda: None)
        assert (found["n_reviews"], {row["n_answers"] for row in found["rows"]}) == (1, {0})
        assert {row["n_repeated"] for row in found["rows"]} == {0}


def test_nobody_is_asked_a_third_time_or_too_early(again: Again, reviewer: Member) -> None:
    again.judged(1, ago=timedelta(days=2))
    assert top_up(again.setting, reviewer) == 0
    again.judged(1)
    assert top_up(again.setting, reviewer) == 1
    assert top_up(again.setting, reviewer) == 0
    again.due()
    again.turn()
    RepeatTurn.objects.update(since=timezone.now())
    assert top_up(again.setting, reviewer) == 0


def test_what_was_taken_out_is_not_asked_again(again: Again, reviewer: Member, moderator: Member) -> None:
    gone, invalid = again.judged(2)
    items_of.withdraw(gone, moderator)
    items_of.invalidate(Assignment.objects.get(item=invalid), moderator)
    assert top_up(again.setting, reviewer) == 0


def test_the_sweep_looks_only_where_it_is_on(again: Again, reviewer: Member) -> None:
    again.judged(5)
    make.items(again.queue, 1)
    claim(again.queue, reviewer)
    RepeatSetting.objects.update(is_on=False)
    assert top_up_all() == 0
    RepeatSetting.objects.update(is_on=True)
    assert top_up_all() == AHEAD
    assert top_up_all() == 0
    assert set(Place.objects.filter(round=2).values_list("reserved_for", flat=True)) == {reviewer.pk}


def test_gold_leaves_repeats_alone(again: Again, gold: Any, reviewer: Member) -> None:
    again.judged(1)
    top_up(again.setting, reviewer)
    gold.setting.queue = again.queue
    top_up_gold(gold.setting, reviewer)
    assert Place.objects.get(round=2).state == "open"


def test_it_is_undone_and_sent_again(again: Again, reviewer: Member) -> None:
    again.judged(1)
    top_up(again.setting, reviewer)
    again.due()
    turn = again.turn(grounded="no")
    assert turn is not None
    undo(turn)
    held = claim(again.queue, reviewer)
    assert held == turn
    submit(turn.token, reviewer, make.ANSWERS, submission_id=uuid4())
    assert RepeatTurn.objects.answered().count() == 1


def test_skipping_ends_it(again: Again, reviewer: Member, other_reviewer: Member) -> None:
    again.judged(1)
    top_up(again.setting, reviewer)
    again.due()
    held = claim(again.queue, reviewer)
    assert held is not None
    skip(held.token, reviewer, "unclear")
    assert Place.objects.get(round=2).state == "withdrawn"
    assert claim(again.queue, reviewer) is claim(again.queue, other_reviewer) is None


def test_invalidated_it_tells_nothing_and_restored_it_does(again: Again, reviewer: Member, moderator: Member) -> None:
    again.judged(1)
    top_up(again.setting, reviewer)
    again.due()
    turn = again.turn()
    assert turn is not None
    items_of.invalidate(turn, moderator)
    assert not RepeatTurn.objects.answered().exists()
    items_of.restore(turn, moderator)
    assert RepeatTurn.objects.answered().count() == 1


def test_a_later_round_is_an_extra_place_by_constraint(again: Again) -> None:
    (item,) = again.judged(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Place.objects.filter(item=item).update(round=2)


@pytest.mark.parametrize(("n", "is_told"), [(9, False), (10, True)])
def test_reliability_tells_the_share_of_same_answers(again: Again, reviewer: Member, n: int, is_told: bool) -> None:
    again.judged(n)
    RepeatSetting.objects.update(rate=0.2)
    again.setting.refresh_from_db()
    for number in range(n):
        top_up(again.setting, reviewer)
        again.due()
        assert again.turn(grounded="no" if number < 2 else "yes", helpful=5 if number < 4 else 4)
    found = reliability.compute(again.project.pk, {}, lambda: None)
    figures = {row["key"]: one for row in found["rows"] for one in row["figures"] if one["measure"] == "again"}
    assert (figures["grounded"]["n"], figures["grounded"]["value"]) == (n, pytest.approx((n - 2) / n))
    assert figures["grounded"]["notable"] is (False if is_told else None)
    assert figures["helpful"]["value"] == 1.0  # one step off is the same
    assert figures["grounded"]["low"] < figures["grounded"]["value"] < figures["grounded"]["high"]
    assert not any(one["is_sure"] for one in figures.values())


def test_pages_are_the_same_byte_for_byte(again: Again, reviewer: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.queues.worklist.JUST_SENT", 1)  # else the list grows from round to round
    monkeypatch.setattr("reviews.queues.views.claiming.claim", only_by_claim(claim))
    again.judged(2)
    for _ in range(7):
        response = make.response(again.project, "Answer 0.", question=f"Q{next(make.counter)}?")
        items_of.add_items(again.queue, [make.subject(response).pk])
    top_up(again.setting, reviewer)
    again.due(2, 4)
    person = Person(again, reviewer)
    rounds = [person.go() for _ in range(6)][2:]
    assert [is_repeat for is_repeat, _ in rounds] == [True, False, True, False]
    known, *others = [seen for _, seen in rounds]
    for seen in others:
        for name, response in seen.items():
            same(response, known[name], name)
