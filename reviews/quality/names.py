"""Blind names: who said what stays apart without saying who it was, or who came first.

The reviewers of an item are Reviewer A, B, C … in an order drawn by the project's salt, the item and the person, so
that nobody is A on every item. Names hold from the moment when somebody could first rely on them: reviews that
came after a dispute was opened or a verdict written get the letters after those that were there.
"""

from __future__ import annotations

import hashlib
import hmac
import string
from bisect import bisect_left
from datetime import datetime

from feedback.judgements.models import Verdict
from reviews.quality.models import Adjudication
from reviews.queues.models import Assignment, Item

NAMED = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS, Assignment.State.INVALIDATED]


def letters_of(item: Item) -> dict[int, str]:
    """By assignment id: the letter of everybody who ever submitted a review of the item."""
    ends = looked_at(item)
    rows = Assignment.objects.filter(item=item, state__in=NAMED, review__isnull=False)
    drawn = sorted(
        (bisect_left(ends, created), drawing(item, str(key), round_), pk)
        for pk, created, key, round_ in rows.values_list("pk", "review__created_at", "reviewer__key", "round")
    )
    return {pk: letter(number) for number, (_, _, pk) in enumerate(drawn)}


def looked_at(item: Item) -> list[datetime]:
    """When the item had been complete: each dispute that was opened and each verdict."""
    queue = item.queue
    verdicts = Verdict.objects.filter(
        subject=item.subject_id, rubric_version=item.rubric_version, origin=queue.key
    ).values_list("created_at")
    opened = Adjudication.objects.filter(item=item).values_list("opened_at")
    return sorted(at for (at,) in verdicts.union(opened, all=True))


def drawing(item: Item, key: str, round_: int) -> str:
    text = f"{item.pk}:{key}:{round_}"
    return hmac.new(item.project.salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def letter(number: int) -> str:
    """A, B, … Z, then AA, AB, …"""
    first, last = divmod(number, 26)
    return (string.ascii_uppercase[first - 1] if first else "") + string.ascii_uppercase[last]
