"""Moderators, reviewers and the sweep at the same item at the same time, on PostgreSQL with a connection each."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.moderation import act
from reviews.moderation.models import Action
from reviews.quality.invariants import INVARIANTS as QUALITY
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.invariants import INVARIANTS as QUEUES
from reviews.queues.models import Assignment, Item, Queue
from reviews.queues.submit import ClaimLost, submit
from tests import make
from tests.races import outcomes_at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_of_four_who_withdraw_an_item_one_does(project: Project, moderator: Member) -> None:
    item = make.items(make.queue(project))[0]
    results = outcomes_at_once(*[lambda: act.withdraw(item, moderator, "x")] * 4)
    assert sum(isinstance(result, act.Refused) for result in results) == 3
    assert Action.objects.count() == 1


def test_invalidating_and_settling_leave_no_verdict_that_counts_it(
    project: Project, moderator: Member, of: Any
) -> None:
    for _ in range(10):
        item = of.item(project, of.good, of.good)
        turn = of.turn(item)
        Item.objects.filter(pk=item.pk).update(state="complete")
        results = outcomes_at_once(partial(act.invalidate, turn, moderator, "x"), settle_complete_items)
        assert [result for result in results if isinstance(result, Exception)] == []
        assert not [v for v in Verdict.objects.current() if turn.review_id in v.review_ids]


def busy_reviewer(queue: Queue, member: Member) -> Callable[[], None]:
    def work() -> None:
        while (held := claim(queue, member)) is not None:
            try:
                submit(held.token, member, {"grounded": "yes", "helpful": 4}, submission_id=uuid4())
            except ClaimLost:
                continue

    return work


def busy_moderator(queue: Queue, member: Member, seed: int) -> Callable[[], None]:
    draw = random.Random(seed)
    items = list(queue.items.all())

    def work() -> None:
        for _ in range(40):
            item = draw.choice(items)
            turns = list(Assignment.objects.filter(item=item, review__isnull=False))
            acts: list[Any] = [act.withdraw, act.put_back, act.ask_more, act.settle_again]
            try:
                if turns and draw.random() < 0.5:
                    draw.choice([act.invalidate, act.restore])(draw.choice(turns), member, "x")
                else:
                    draw.choice(acts)(item, member, "x")
            except act.Refused:
                continue

    return work


def test_all_promises_hold_after_everybody_worked_at_once(project: Project, moderator: Member, admin: Member) -> None:
    queue = make.queue(project, k=2)
    make.items(queue, 12)
    people = [make.member(project, name=f"P{number}") for number in range(3)]
    results = outcomes_at_once(
        *[busy_reviewer(queue, member) for member in people],
        busy_moderator(queue, moderator, 1), busy_moderator(queue, admin, 2),
        *[lambda: [settle_complete_items() for _ in range(10)]] * 2,
    )  # fmt: skip
    assert [result for result in results if isinstance(result, Exception)] == []
    settle_complete_items()
    for invariant in [*QUALITY, *QUEUES]:
        found: Any = invariant.violations()
        assert not list(found), invariant.promise
