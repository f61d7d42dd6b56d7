"""Re-review: what was settled under an older version is put before reviewers again, under the queue's present one.

Each subject gets a further item, linked to the one before (README, "Versions"), so that exactly k, the order of places
and all that was said stay as they are. The verdict of the item before stands until the new item has one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTransform

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.models import Verdict
from reviews.queues.items import add_places, lock_queue
from reviews.queues.models import Item, Place, Queue

MOST = 2_000  # items at once
LANE = 1


class SetChanged(Exception):
    """What was confirmed is not what would be asked again now."""


@dataclass(frozen=True)
class Choice:
    """Which of the items: all, or those with this answer to a question, or settled between two days."""

    criterion: str = ""
    answer: str = ""
    since: date | None = None
    until: date | None = None

    def verdicts(self) -> QuerySet[Verdict]:
        rows = Verdict.objects.current()
        if self.criterion:
            answer = KeyTransform(self.criterion, "answers")
            rows = rows.alias(said=KeyTransform("value", answer), told=KeyTransform("outcome", answer))
            rows = rows.filter(Q(said=self.answer) | Q(told=self.answer))
        days = {"created_at__date__gte": self.since, "created_at__date__lte": self.until}
        return rows.filter(**{lookup: day for lookup, day in days.items() if day})


def affected(queue: Queue, choice: Choice | None = None) -> QuerySet[Item]:
    """Items whose verdict was reached under an older version, that were not asked again yet; the oldest first."""
    items = queue.items.newest().filter(state=Item.State.SETTLED, kept_version__number__lt=queue.rubric_version.number)
    verdicts = (
        (choice or Choice())
        .verdicts()
        .filter(subject=OuterRef("subject"), rubric_version=OuterRef("kept_version"), origin=queue.key)
    )
    return items.filter(Exists(verdicts)).order_by("pk")


def digest_of(queue: Queue, ids: Iterable[int]) -> str:
    """Names the set, and what it is to be judged under."""
    text = ",".join(str(pk) for pk in ids)
    return hashlib.sha256(f"again:{queue.rubric_version_id}:{queue.k}:{text}".encode()).hexdigest()


@transaction.atomic
def ask_again(queue: Queue, choice: Choice, digest: str, by: Member, request: Any = None) -> int:
    """Add an item for each that is chosen; how many. Raises SetChanged when they are not those that were counted."""
    lock_queue(queue)
    here = Queue.objects.select_related("rubric_version").get(pk=queue.pk)
    chosen = list(affected(here, choice)[:MOST])
    if digest_of(here, [item.pk for item in chosen]) != digest:
        raise SetChanged
    added = Item.objects.bulk_create(following(item, here.k) for item in chosen)
    add_places(here, added, here.k, LANE)
    record("re-review-asked", here, request=request, actor=by, items=len(added), digest=digest)
    return len(added)


def following(item: Item, k: int) -> Item:
    """The item that asks about the same subject again; it stands for what the one before stands for."""
    same = ("project_id", "queue_id", "subject_id", "inclusion_probability", "rule_label", "rule_version_id", "run_id")
    return Item(earlier=item, k=k, lane=LANE, stratum=item.stratum, **{name: getattr(item, name) for name in same})


def waiting(queue: Queue) -> QuerySet[Item]:
    """Items that ask again, which nobody has begun."""
    begun = queue.items.begun().filter(pk=OuterRef("pk"))
    return queue.items.filter(~Exists(begun), earlier__isnull=False, kept_version=None).order_by("pk")


@transaction.atomic
def take_back(queue: Queue, by: Member, request: Any = None) -> int:
    """Undo: what nobody has begun is asked again no more; how many items. What was begun goes on.

    Claims skip places that are locked, and an item whose place was being claimed is seen as begun after the wait.
    """
    ids = list(waiting(queue).values_list("pk", flat=True))
    list(Place.objects.filter(item__in=ids).order_by("pk").select_for_update().values_list("pk"))
    gone = list(waiting(queue).filter(pk__in=ids).values_list("pk", flat=True))
    Place.objects.filter(item__in=gone).delete()
    Item.objects.filter(pk__in=gone).delete()
    if gone:
        record("re-review-taken-back", queue, request=request, actor=by, items=len(gone))
    return len(gone)


def how_far(queue: Queue) -> dict[str, int]:
    """Of what was asked again: how many in all, not begun, settled under the newer version."""
    rows = queue.items.exclude(earlier=None)
    return {
        "n_again": rows.count(),
        "n_waiting": waiting(queue).count(),
        "n_done": rows.filter(state=Item.State.SETTLED).count(),
    }
