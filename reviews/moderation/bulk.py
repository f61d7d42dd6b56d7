"""Bulk actions: a counted set of items or of one person's reviews, confirmed by its digest, done by a job.

One item a transaction because a lane's lock comes last: who holds one waits for no other item. What cannot be done to
an item or a review is counted with its reason and does not hold up the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from reviews.moderation import act
from reviews.moderation.models import MOST, BulkAction
from reviews.queues.models import Assignment, Item, Place

VERBS: dict[str, Callable[..., Any]] = {
    BulkAction.Kind.WITHDRAW: act.withdraw,
    BulkAction.Kind.PUT_BACK: act.put_back,
    BulkAction.Kind.ASK_MORE: act.ask_more,
    BulkAction.Kind.ASK_FEWER: act.ask_fewer,
    BulkAction.Kind.PUT_FIRST: act.put_first,
    BulkAction.Kind.PUT_LAST: act.put_last,
    BulkAction.Kind.INVALIDATE: act.invalidate,
    BulkAction.Kind.RESTORE: act.restore,
}
OF_REVIEWS = {BulkAction.Kind.INVALIDATE, BulkAction.Kind.RESTORE}


class SetChanged(Exception):
    """What was confirmed is not what would be done now."""


def digest_of(kind: str, ids: Iterable[int]) -> str:
    """Names the set: SHA-256 over what is done and the ids in ascending order."""
    text = ",".join(str(pk) for pk in sorted(ids))
    return hashlib.sha256(f"{kind}:{text}".encode()).hexdigest()


def counted(kind: str, items: list[Item]) -> dict[str, Any]:
    """What the confirmation says about the set, in a fixed number of queries."""
    ids = [item.pk for item in items]
    places = Place.objects.filter(item__in=ids)
    held = places.filter(state=Place.State.CLAIMED)
    n_withdrawn = sum(item.state == Item.State.WITHDRAWN for item in items)
    settled = [item for item in items if item.state == Item.State.SETTLED]
    return {
        "n": len(ids),
        "n_held": held.values("item").distinct().count(),
        "n_withdrawn": n_withdrawn,
        "n_left": len(ids) - n_withdrawn if kind == BulkAction.Kind.PUT_BACK else n_withdrawn,
        "n_settled": len(settled),
        "n_waiting": places.filter(state=Place.State.OPEN, is_extra=False).values("item").distinct().count(),
        "n_open": sum(item.state == Item.State.OPEN for item in items),
        "digest": digest_of(kind, ids),
        "is_full": len(ids) >= MOST,
    }


@transaction.atomic
def start(
    project: Project, by: Member, kind: str, ids: list[int], *, digest: str, reason: str, reviewer: Member | None = None
) -> BulkAction:
    """Begin the job on exactly the set that was confirmed; raises SetChanged when it is another one by now."""
    if digest_of(kind, ids) != digest:
        raise SetChanged
    bulk = BulkAction(
        project=project, by=by, kind=kind, reason=reason.strip(), item_ids=sorted(ids), digest=digest, total=len(ids),
        reviewer=reviewer,
    )  # fmt: skip
    bulk.save()
    about = {"reviewer": str(reviewer.key), "reviews": len(ids)} if reviewer else {"items": len(ids)}
    record("bulk-confirmed", bulk, actor=by, kind=kind, digest=digest, **about)
    bulk.ring()
    return bulk


def row_of(bulk: BulkAction, pk: int) -> Any:
    """The item, or the turn of the person whose reviews they are."""
    if bulk.kind in OF_REVIEWS:
        turns = Assignment.objects.filter(project=bulk.project_id, reviewer=bulk.reviewer_id)
        return turns.filter(pk=pk).first()
    return Item.objects.filter(project=bulk.project_id, pk=pk).first()


def step(bulk: BulkAction) -> bool:
    """One item or review; True when it was the last."""
    at = bulk.cursor.get("at", 0)
    if at >= len(bulk.item_ids):
        return True
    row = row_of(bulk, bulk.item_ids[at])
    try:
        if row is None:
            raise act.Refused("It is not here any more.")
        if not bulk.by.may("settle"):
            raise act.Refused("Who asked for it may no longer act here.")
        VERBS[BulkAction.Kind(bulk.kind)](row, bulk.by, bulk.reason, bulk)
    except act.Refused as refusal:
        bulk.refused[str(refusal)] = bulk.refused.get(str(refusal), 0) + 1
    bulk.cursor["at"] = bulk.done = at + 1
    return at + 1 >= len(bulk.item_ids)
