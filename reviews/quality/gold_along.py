"""A training follows its live queue to a newer rubric version: what is expected of unchanged questions is taken along.

Each gold item stays with the version that its answer is known under, so a further item (reviews/queues/again.py) of
the same subject takes its place, with the answers to the questions that both versions ask alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from feedback.accounts.models import Member
from feedback.judgements.record import criteria_of
from feedback.rubrics.changes import changes
from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.models import RubricVersion
from reviews.quality.gold_make import make, retire
from reviews.quality.gold_match import UNCHECKED
from reviews.quality.gold_models import GoldItem, TrainingCourse
from reviews.queues import versions
from reviews.queues.again import following
from reviews.queues.models import Item, Queue


@dataclass(frozen=True)
class Trip:
    """What moving along would come to: how many items are taken along, and how many have no answer left."""

    version: RubricVersion
    keys: frozenset[str]
    n_along: int
    n_left: int


def behind(course: TrainingCourse) -> Trip | None:
    """What is to be done when the live queue asks a newer version than its training; None when there is nothing."""
    queue = course.queue
    live = queue.opens.select_related("rubric_version__rubric").order_by("pk").first()
    if live is None:
        return None
    here, there = queue.rubric_version, live.rubric_version
    if there.rubric_id != here.rubric_id or there.number <= here.number:
        return None
    keys = unchanged(here, there)
    expected = [keys & gold.revision.answers.keys() for gold in GoldItem.objects.active().filter(queue=queue)]
    n_along = sum(map(bool, expected))
    return Trip(there, keys, n_along, len(expected) - n_along)


def unchanged(here: RubricVersion, there: RubricVersion) -> frozenset[str]:
    """Questions that are compared and that both versions ask alike, wherever they stand."""
    changed = {
        change.key
        for change in changes(definitions_of(here), definitions_of(there))
        if change.words or any(not line.startswith("Stands at place") for line in change.lines)
    }
    return frozenset(c.key for c in criteria_of(there) if c.kind not in UNCHECKED and c.key not in changed)


@transaction.atomic
def move_along(course: TrainingCourse, by: Member, request: Any = None) -> Trip | None:
    """To the live queue's version. What has no answer left is retired; who has passed has passed."""
    Queue.objects.select_for_update(no_key=True).get(pk=course.queue_id)  # two who ask at once: one moves
    course = TrainingCourse.objects.select_related("queue__rubric_version").get(pk=course.pk)
    trip = behind(course)
    if trip is None:
        return None
    versions.move(course.queue, trip.version, by, request)
    rows = GoldItem.objects.active().filter(queue=course.queue_id).select_related("item__queue__rubric_version")
    for gold in rows.order_by("pk"):
        take_along(gold, trip.keys, by)
    return trip


def take_along(gold: GoldItem, keys: frozenset[str], by: Member) -> None:
    revision = gold.revision
    answers = {key: value for key, value in revision.answers.items() if key in keys}
    retire(gold, by)
    if not answers:
        return
    item = following(gold.item, k=0)
    item.state = Item.State.WITHDRAWN  # to everybody but pupils, who have a place of their own
    item.save()
    tolerance = {key: value for key, value in revision.tolerance.items() if key in answers}
    make(item, answers, by, origin=gold.origin, tolerance=tolerance, why=revision.explanation)
