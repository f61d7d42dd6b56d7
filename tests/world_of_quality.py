"""Rows of the rooms of quality for `tests/world.py`: gold, training, repeats, attributes and costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from feedback.accounts.models import Member, Project
from reviews.digests.models import DigestDay, DigestWish
from reviews.quality import repeat_give
from reviews.quality.gold_check import check_all
from reviews.quality.gold_give import keep_one
from reviews.quality.gold_make import make as make_gold
from reviews.quality.gold_training import open_course
from reviews.quality.models import (
    DecisionsRead,
    GoldItem,
    GoldSetting,
    HourlyCost,
    RepeatSetting,
    RepeatTurn,
    ReviewerAttribute,
    StatedAttribute,
    TrainingCourse,
)
from reviews.queues import claim as claiming
from reviews.queues import submit as submitting
from reviews.queues.models import MemberSkill, Qualification, Queue
from tests import make


def gold(project: Project, member: Member) -> GoldItem:
    """An item of a fresh queue with a known answer."""
    return make_gold(make.items(make.queue(project))[0], make.ANSWERS, member)


def course(project: Project, member: Member) -> TrainingCourse:
    """The training of a fresh queue."""
    return open_course(make.queue(project), member, n_right=1, n_last=1)


def attribute(project: Project) -> ReviewerAttribute:
    key, choices = f"region-{next(make.counter)}", ["North", "South"]
    return ReviewerAttribute.objects.create(project=project, key=key, label="Region", choices=choices)


def grouped(project: Project, member: Member) -> None:
    """An attribute that the member stated, their skill, and what an hour costs."""
    HourlyCost.objects.create(project=project, amount=30)
    DecisionsRead.objects.create(project=project, member=member, upto=timezone.now())
    MemberSkill.objects.create(project=project, member=member, tag="medicine")
    StatedAttribute.objects.create(project=project, attribute=attribute(project), member=member, value="North")


def measured(project: Project, member: Member) -> None:
    """Gold that was kept for the member, given and compared; and a training that they passed."""
    known = gold(project, make.member(project, "curator"))
    setting = GoldSetting.objects.create(project=project, queue=known.queue, rate=0.5)
    keep_one(setting, member)
    known.item.places.filter(is_extra=False).update(hidden_until=timezone.now() + timedelta(days=1))
    known.item.places.filter(is_extra=True).update(after_submits=None)
    held = claiming.claim(known.queue, member)
    assert held is not None
    submitting.submit(held.token, member, make.ANSWERS, submission_id=uuid4())
    check_all()
    repeat(known.queue, member)
    Qualification.objects.create(project=project, queue=course(project, member).queue, member=member)


def repeat(queue: Queue, member: Member) -> RepeatTurn:
    """A turn of a year ago that the member is asked to take again."""
    setting = RepeatSetting.objects.create(project=queue.project, queue=queue)
    subject = make.subject(make.response(queue.project))
    make.counted(queue, subject, member, make.ANSWERS, submitted_at=timezone.now() - timedelta(days=365))
    turn = repeat_give.keep_one(setting, member)
    assert turn is not None
    return turn


def digest(user: Any) -> None:
    """A daily mail that is wished for, and one day of it."""
    DigestWish.objects.create(user=user)
    DigestDay.objects.create(user=user, day=date(2026, 1, 1))
