"""What is known of those who voted is stamped on the verdict, and decides nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.responses.models import Subject
from reviews.quality.models import ReviewerMeasure
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item, Queue
from tests import make


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project)


def known(reviewer: Member, measure: str, value: float | None, key: str = "helpful", kind: str = "scale") -> None:
    about: dict[str, Any] = {"criterion": key, "kind": kind, "label": key, "measure": measure, "n": 40}
    ReviewerMeasure.objects.create(
        project=reviewer.project, reviewer=reviewer, value=value, measured_at=timezone.now(), **about
    )


def settled(queue: Queue, *given: tuple[Member, dict[str, Any]]) -> Verdict:
    subject: Subject = make.subject(make.response(queue.project))
    for member, answers in given:
        make.counted(queue, subject, member, answers)
    settle_complete_items()
    return Verdict.objects.current().get(subject=subject)


def test_the_least_reliable_voter_is_told_and_the_mean_without_leans(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    known(reviewer, "accuracy", 0.9)
    known(other_reviewer, "accuracy", 0.71234567)
    known(other_reviewer, "severity", 1.5)
    answers = settled(queue, (reviewer, make.ANSWERS), (other_reviewer, {**make.ANSWERS, "helpful": 5})).answers
    assert answers["helpful"]["reliability"] == 0.7123
    assert (answers["helpful"]["mean"], answers["helpful"]["corrected_mean"]) == (4.5, 3.75)
    assert "reliability" not in answers["grounded"]


def test_too_little_about_one_voter_says_nothing_of_the_answer(
    queue: Queue, reviewer: Member, other_reviewer: Member
) -> None:
    known(reviewer, "accuracy", 0.9)
    known(other_reviewer, "accuracy", None)
    answers = settled(queue, (reviewer, make.ANSWERS), (other_reviewer, make.ANSWERS)).answers
    assert not {"reliability", "corrected_mean"} & answers["helpful"].keys()


def test_a_new_measurement_alone_writes_no_new_verdict(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    first = settled(queue, (reviewer, make.ANSWERS), (other_reviewer, make.ANSWERS))
    known(reviewer, "accuracy", 0.9)
    known(other_reviewer, "accuracy", 0.8)
    Item.objects.filter(queue=queue).update(state="complete")
    settle_complete_items()
    assert Verdict.objects.get() == first
