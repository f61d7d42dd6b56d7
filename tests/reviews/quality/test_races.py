"""Several sweeps, moderators and imports at the same time, on PostgreSQL with a connection each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review, Verdict
from reviews.imports.labels import import_labels
from reviews.quality.adjudicate import NotDisputed, adjudicate
from reviews.quality.settle import settle_complete_items, settle_item
from reviews.queues.models import Item, Place
from tests import make
from tests.races import outcomes_at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2}


def test_four_sweeps_write_each_verdict_once(project: Project, reviewer: Member, other_reviewer: Member) -> None:
    queue = make.queue(project)
    for _ in range(40):
        subject = make.subject(make.response(project))
        for person in (reviewer, other_reviewer):
            make.counted(queue, subject, person, GOOD)
    results = outcomes_at_once(*[settle_complete_items] * 4)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(results) == 40
    assert Verdict.objects.count() == Verdict.objects.current().count() == 40
    assert set(Item.objects.values_list("state", flat=True)) == {"settled"}


def test_one_item_settled_by_four_at_once_has_one_verdict(project: Project, reviewer: Member) -> None:
    make.counted(make.queue(project), make.subject(make.response(project)), reviewer, GOOD)
    item = Item.objects.get()
    results = outcomes_at_once(*[lambda: settle_item(item)] * 4)
    assert [result for result in results if result is not None] == [Verdict.objects.get()]


def test_two_queues_stamp_the_same_responses_without_a_deadlock(project: Project, reviewer: Member) -> None:
    subjects = [make.subject(make.response(project)) for _ in range(30)]
    for order in (subjects, subjects[::-1]):
        queue = make.queue(project)
        for subject in order:
            make.counted(queue, subject, reviewer, GOOD)
    results = outcomes_at_once(settle_complete_items, settle_complete_items)
    assert sum(results) == 60
    assert Verdict.objects.current().count() == 60


def test_two_moderators_settle_a_dispute_once(project: Project, reviewer: Member, other_reviewer: Member) -> None:
    queue, subject = make.queue(project), make.subject(make.response(project))
    make.counted(queue, subject, reviewer, GOOD)
    make.counted(queue, subject, other_reviewer, BAD)
    settle_complete_items()
    item = Item.objects.select_related("queue").get()
    moderators = [make.member(project, "moderator", name=f"Mo {number}") for number in range(3)]

    def decide(moderator: Member) -> Callable[[], Verdict]:
        return lambda: adjudicate(item, moderator, {"grounded": "no"}, "It is not.")

    results = outcomes_at_once(*map(decide, moderators))
    assert sum(isinstance(result, NotDisputed) for result in results) == 2
    assert Verdict.objects.count() == 1


def test_the_same_labels_imported_four_times_at_once_are_counted_once(project: Project) -> None:
    for number in range(5):
        make.response(project, external_id=f"r-{number}")
    make.queue(project, key="q", takes_imports=True)
    rows = [
        {"source": "s", "external_id": f"{name} {number}", "reviewer": name, "queue": "q", "responses": [f"r-{number}"],
         "answers": GOOD}
        for name in "ABCDEFGH" for number in range(5)
    ]  # fmt: skip
    results = outcomes_at_once(lambda: import_labels(project, rows), lambda: import_labels(project, rows[::-1]),
                      lambda: import_labels(project, rows[20:]), settle_complete_items)  # fmt: skip
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(result.accepted for result in results[:3]) == 40
    assert Review.objects.count() == Place.objects.filter(state="filled").count() == 40
    assert Member.objects.filter(user=None).count() == 8
    assert set(Item.objects.values_list("k", "n_filled")) == {(8, 8)}
