"""Queues, agreement, pace, pairs that are ready, and what waits for somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion
from feedback.statistics.intervals import wilson
from reviews.monitoring.facts import Settled
from reviews.monitoring.progress import Progress, pairs_ready, progress_of, waiting_of
from reviews.queues.models import Escalation, Item, Queue
from tests import make, world


def settle(item: Item, share: float, **fields: object) -> None:
    answers = {"grounded": {"kind": "yes_no", "value": "yes", "share": share, "n": 3}}
    make.verdict(
        item.subject,
        item.queue.rubric_version,
        [],
        answers=answers,
        origin=item.queue.key,
        is_failure=False,
        **{"n_reviews": 3, **fields},
    )
    Item.objects.filter(pk=item.pk).update(state=Item.State.SETTLED)


def test_agreement_counts_items_on_which_all_said_the_same(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queue = make.queue(project)
    items = make.items(queue, 30)
    for number, item in enumerate(items[:24]):
        settle(item, 1.0 if number < 15 else 2 / 3)
    Item.objects.filter(pk=items[25].pk).update(state=Item.State.UNRESOLVED)
    with django_assert_num_queries(9):
        (row,) = progress_of(project)
    assert (row.done, row.total, row.left) == (24, 30, 60)
    assert (row.n_agreed, row.n_voted) == (15, 25)
    assert row.agreement == wilson(15, 25)


def test_few_votes_are_no_agreement_and_one_reviewer_agrees_with_nobody(project: Project) -> None:
    queue = make.queue(project)
    item = make.items(queue)[0]
    settle(item, 1.0, n_reviews=1)
    (row,) = progress_of(project)
    assert row.n_voted == 0
    assert row.agreement is None


def test_closed_queues_and_other_projects_are_not_listed(project: Project, other_project: Project) -> None:
    make.queue(project, state=Queue.State.CLOSED)
    make.queue(other_project)
    assert progress_of(project) == []


@pytest.mark.parametrize(
    ("left", "pace", "steady", "days"),
    [
        (70, 70, True, 7),
        (71, 70, True, 8),
        (70, 70, False, None),
        (70, 10, True, None),
        (0, 70, True, None),
        (5000, 70, True, None),
    ],
)
def test_a_finish_is_told_only_at_a_steady_pace(left: int, pace: int, steady: bool, days: int | None) -> None:
    row = Progress(Queue(), 0, 100, 0, 0, left, pace, steady)
    assert row.finish == (timezone.localdate() + timedelta(days=days) if days else None)


def test_a_pair_is_ready_with_two_thirds_of_the_votes(project: Project) -> None:
    queue = make.queue(project, subject_size=2)
    items = make.items(queue, 5)
    for item, outcome, share in zip(
        items, ("preferred", "preferred", "tie", None), (0.67, 0.6, 1.0, 0.5), strict=False
    ):
        answers = {"better": {"kind": "comparison", "outcome": outcome, "share": share, "n": 3}}
        make.verdict(item.subject, queue.rubric_version, [], answers=answers, origin=queue.key, n_reviews=3)
        Item.objects.filter(pk=item.pk).update(state=Item.State.SETTLED)
    make.items(make.queue(project))
    assert pairs_ready(Settled(project)) == (1, 1)


def test_disputes_escalations_and_failed_runs_wait_for_somebody(
    project: Project, other_project: Project, moderator: Member, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    item = world.disputed(project)
    world.disputed(other_project)
    Escalation.objects.create(project=project, item=item, raised_by=moderator)
    Escalation.objects.create(project=project, item=item, raised_by=moderator, closed_at=timezone.now())
    dataset = world.version(project).dataset
    for days in (1, 20):
        past = timezone.now() - timedelta(days=days)
        DatasetVersion.objects.create(
            project=project, dataset=dataset, number=days + 1, rule={}, state="failed", finished_at=past
        )
    with django_assert_max_num_queries(3):
        assert [(row.n, row.route) for row in waiting_of(project)] == [
            (1, "quality:unsettled"), (1, "moderation:escalation-list"), (1, "monitoring:job-list"),
        ]  # fmt: skip
