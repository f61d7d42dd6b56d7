"""Training: a queue of gold items with an answer after each review, and what passing it opens.

Its items are withdrawn to everybody; each pupil has an extra place on each. So nothing said there is ever settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.record import answers_of, criteria_of
from feedback.rubrics.models import Criterion
from reviews.quality.gold_check import check_batch
from reviews.quality.gold_give import uniform
from reviews.quality.gold_models import DONE, GoldCheck, GoldItem, GoldTurn, TrainingCourse
from reviews.queues.extra import add_extra
from reviews.queues.items import add_items, withdraw
from reviews.queues.models import Assignment, Item, Qualification, Queue


@dataclass(frozen=True)
class Standing:
    """How far a pupil is: right among the last, of how many that count, and what is still to come."""

    right: int
    done: int
    left: int
    has_passed: bool


@transaction.atomic
def open_course(live: Queue, by: Member, *, n_right: int, n_last: int) -> TrainingCourse:
    """A training queue under the live queue's rubric, which nobody but its pupils may pass by from now on."""
    key = f"{live.key[:50]}-training"
    queue = Queue.objects.create(
        project_id=live.project_id,
        key=key,
        name=f"{live.name[:100]}, training",
        rubric_version_id=live.rubric_version_id,
        k=1,
        order=Queue.Order.RANDOM,
        grace_seconds=0,
        lease_seconds=live.lease_seconds,
        is_training=True,
    )
    course = TrainingCourse.objects.create(project_id=live.project_id, queue=queue, n_right=n_right, n_last=n_last)
    Queue.objects.filter(pk=live.pk).update(training=queue)
    record("training-opened", course, actor=by, queue=live.pk, n_right=n_right, n_last=n_last)
    return course


@transaction.atomic
def add_item(course: TrainingCourse, subject_id: int) -> Item:
    """An item for pupils only, ready to be made gold."""
    add_items(course.queue, [subject_id], k=1)
    item = course.queue.items.newest().select_related("queue__rubric_version", "subject").get(subject=subject_id)
    if item.state != Item.State.WITHDRAWN and not item.assignments.exists():
        withdraw(item)
    return item


def begin(course: TrainingCourse, pupil: Member) -> int:
    """Keep every item of the course for this person, in an order of their own; how many are new."""
    had = GoldTurn.objects.filter(queue=course.queue_id, reviewer=pupil).order_by("-number")
    last = had.values_list("number", flat=True).first() or 0
    fresh = GoldItem.objects.active().filter(queue=course.queue_id).exclude(turns__reviewer=pupil)
    ordered = sorted(fresh.select_related("item"), key=lambda gold: uniform(f"{course.pk}:{pupil.pk}:{gold.pk}"))
    try:
        return sum(keep(course, gold, pupil, last + at) for at, gold in enumerate(ordered, start=1))
    except IntegrityError:  # their other tab began at the same moment
        return 0


@transaction.atomic
def keep(course: TrainingCourse, gold: GoldItem, pupil: Member, number: int) -> bool:
    place = add_extra(gold.item, pupil)
    if place is None:
        return False
    about = {"project_id": course.project_id, "queue_id": course.queue_id, "gold": gold, "place": place}
    GoldTurn.objects.create(**about, reviewer=pupil, number=number)
    return True


def check_last(course: TrainingCourse, pupil: Member) -> GoldCheck | None:
    """Compare what this person sent last, at once, and see whether they have passed."""
    mine = Assignment.objects.filter(queue=course.queue_id, reviewer=pupil, state__in=DONE)
    unchecked = mine.filter(gold_check__isnull=True, item__gold__isnull=False)
    if check_batch(unchecked):
        pass_if_able(course, pupil)
    checks = GoldCheck.objects.filter(gold__queue=course.queue_id, reviewer=pupil)
    return checks.select_related("revision", "assignment__review").order_by("-assignment__submitted_at").first()


def standing(course: TrainingCourse, pupil: Member) -> Standing:
    checks = GoldCheck.objects.filter(gold__queue=course.queue_id, reviewer=pupil).order_by("-assignment__submitted_at")
    last = list(checks.values_list("is_right", flat=True)[: course.n_last])
    waiting = GoldItem.objects.active().filter(queue=course.queue_id).exclude(checks__reviewer=pupil).count()
    has_passed = Qualification.objects.filter(queue=course.queue_id, member=pupil).exists()
    return Standing(sum(last), len(last), waiting, has_passed)


@transaction.atomic
def pass_if_able(course: TrainingCourse, pupil: Member) -> bool:
    """Passed is passed: what follows takes it from nobody."""
    now = standing(course, pupil)
    if now.done < course.n_last or now.right < course.n_right:
        return False
    passed, is_new = Qualification.objects.get_or_create(
        queue_id=course.queue_id, member=pupil, defaults={"project_id": course.project_id}
    )
    if is_new:
        record("training-passed", passed, actor=pupil, right=now.right, of=now.done)
    return True


def lesson(check: GoldCheck) -> list[dict[str, Any]]:
    """Question by question: what was expected, what was answered, and whether it was right."""
    criteria: Iterable[Criterion] = criteria_of(check.assignment.review.rubric_version)  # type: ignore[union-attr]
    given = answers_of(check.assignment.review)  # type: ignore[arg-type]
    return [
        {
            "criterion": row,
            "expected": check.revision.answers[row.key],
            "given": given.get(row.key),
            "is_right": check.right[row.key],
        }
        for row in criteria
        if row.key in check.right and row.key in check.revision.answers  # which an erasure has emptied
    ]
