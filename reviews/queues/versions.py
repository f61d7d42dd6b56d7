"""Moving a queue to another version of its rubric. What somebody has begun stays with the version that it was begun
under; all else is judged under the new one (README, "Versions").
"""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.rubrics.models import RubricVersion
from reviews.queues.extra import withdraw_extra
from reviews.queues.models import Item, Place, Queue

CHUNK = 2_000  # items kept in one transaction
TRIES = 8  # with growing pauses: others lock an item for milliseconds
PAUSE = 0.01
USED = "Somebody has begun under the new version, or items were put before reviewers again."


class MoveRefused(Exception):
    """The queue cannot be moved there; the message is for its curator."""


def newer_version(queue: Queue) -> RubricVersion | None:
    """The newest version of the queue's rubric, when it is not the queue's and judges as many responses."""
    if queue.takes_imports or queue.is_training:
        return None
    here = queue.rubric_version
    newest = RubricVersion.objects.filter(rubric=here.rubric_id).select_related("rubric", "guideline")
    found = newest.order_by("-number").first()
    return found if found and found.number > here.number and found.subject_size == here.subject_size else None


def older_versions(queue: Queue) -> list[RubricVersion]:
    here = queue.rubric_version
    rows = RubricVersion.objects.filter(rubric=here.rubric_id, number__lt=here.number)
    return list(rows.select_related("rubric", "guideline").prefetch_related("criteria").order_by("-number"))


def version_before(queue: Queue) -> RubricVersion | None:
    """The one that the queue was moved from, while it can be moved back: nobody has begun under the present one."""
    is_used = begun_here(queue).exists() or queue.items.exclude(earlier=None).exists()
    return None if is_used else queue.moved_from


def begun_here(queue: Queue) -> QuerySet[Item]:
    """What was begun under the version that the queue has now."""
    return queue.items.begun().filter(Q(kept_version=None) | Q(kept_version=queue.rubric_version_id))


def move(queue: Queue, version: RubricVersion, by: Member, request: Any = None) -> int:
    """Move the queue to a newer version of its rubric; how many items stay with an older one.

    Most of what was begun is kept beforehand, in pieces. The rest is kept while no claim can be made: a claim shares
    the queue's row, so those before are seen here, and those after are made under the new version.
    """
    if version.rubric_id != queue.rubric_version.rubric_id or version.subject_size != queue.rubric_version.subject_size:
        raise MoveRefused("The queue can be moved to another version of its own rubric only.")
    for attempt in range(TRIES):
        keep_begun(queue)
        if change(queue, version, by, request):
            return queue.items.exclude(kept_version=None).exclude(kept_version=version).count()
        time.sleep(PAUSE * 2**attempt)
    raise MoveRefused("The queue is very busy just now. Try again, or pause it for the moment.")


def move_back(queue: Queue, by: Member, request: Any = None) -> None:
    """Undo the last move, while nobody has begun anything under the new version."""
    before = version_before(queue)
    if before is None:
        raise MoveRefused(USED)
    move(queue, before, by, request)


def keep_begun(queue: Queue) -> None:
    """Keep what is begun with the version that the queue has now, some items a transaction."""
    unkept, last = queue.items.begun().filter(kept_version=None).order_by("pk").values_list("pk", flat=True), 0
    while ids := list(unkept.filter(pk__gt=last)[:CHUNK]):
        with transaction.atomic():
            here = Queue.objects.select_for_update(no_key=True).get(pk=queue.pk)
            Item.objects.filter(pk__in=ids, kept_version=None).update(kept_version=here.rubric_version_id)
        last = ids[-1]


@transaction.atomic
def change(queue: Queue, version: RubricVersion, by: Member, request: Any) -> bool:
    """The step itself. False, and nothing done, where somebody holds a begun item that is to be kept: who has locked
    an item may wait for the queue's row, so nothing is waited for under it.
    """
    here = Queue.objects.select_for_update().select_related("rubric_version").get(pk=queue.pk)
    if here.rubric_version_id == version.pk:
        return True
    is_back = version.number < here.rubric_version.number
    if is_back and version_before(here) != version:
        raise MoveRefused(USED)
    begun = here.items.begun().filter(kept_version=None)
    ids = set(begun.values_list("pk", flat=True))
    free = Item.objects.filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True)
    if ids != set(free.values_list("pk", flat=True)):
        return False
    Item.objects.filter(pk__in=ids).update(kept_version=here.rubric_version)
    RubricVersion.objects.filter(pk=version.pk, frozen_at=None).update(frozen_at=Now())
    moved_from = None if is_back else here.rubric_version
    Queue.objects.filter(pk=here.pk).update(rubric_version=version, moved_from=moved_from)
    # Who would be asked under the older one beside what the items need could tell from the form that it is a test.
    withdraw_extra(
        Place.objects.filter(queue=here).exclude(item__kept_version=None).exclude(item__kept_version=version)
    )
    numbers = {"before": str(here.rubric_version.number), "after": str(version.number)}
    record("queue-moved", here, request=request, actor=by, **numbers)
    queue.rubric_version, queue.moved_from = version, moved_from
    return True
