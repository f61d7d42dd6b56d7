"""The verbs of a moderator: each is one transaction under the item's lock, writes down why, and says how it is undone.

What happens to places is in reviews/queues/items.py; the state rules are in this room's README.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.rubrics.models import RANKED, Criterion
from reviews.moderation.models import Action, BulkAction
from reviews.quality.models import Adjudication
from reviews.quality.settle import load, lock_before, settle_item
from reviews.quality.worth import worth
from reviews.queues import items as places
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.places import lock_item

Kind, State = Action.Kind, Item.State
MOST_REVIEWS = 50  # an item asks for, as in a queue's form
DECIDED = (
    Criterion.Kind.YES_NO, Criterion.Kind.CHOICE, Criterion.Kind.COMPARISON, *RANKED, Criterion.Kind.SPANS,
    Criterion.Kind.PER_TURN,
)  # fmt: skip


class Refused(Exception):
    """This cannot be done now; the message is for the moderator."""


def write_down(kind: str, item: Item, by: Member, reason: str, **fields: Any) -> Action:
    if not reason.strip():
        raise Refused("Say why: it stays with the item.")
    return Action.objects.create(
        project_id=item.project_id, kind=kind, item=item, by=by, reason=reason.strip(), k_before=item.k, **fields
    )


@transaction.atomic
def withdraw(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Ask nobody else about the item. Undone by `put_back`."""
    item = lock_item(item.pk)
    if item.state == State.WITHDRAWN:
        raise Refused("It is withdrawn already.")
    action = write_down(Kind.WITHDRAW, item, by, reason, bulk=bulk)
    places.withdraw(item, by)
    return action


@transaction.atomic
def put_back(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Ask again for as many reviews as before the withdrawal."""
    item = lock_item(item.pk)
    if item.state != State.WITHDRAWN:
        raise Refused("It is not withdrawn.")
    last = Action.objects.filter(item=item, kind=Kind.WITHDRAW).order_by("-pk").first()
    action = write_down(Kind.PUT_BACK, item, by, reason, bulk=bulk)
    places.put_back(item, last.k_before if last else item.queue.k, by)
    return action


@transaction.atomic
def ask_more(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """One more place. A verdict ends when it opens; a dispute waits for the new reviews."""
    item = lock_item(item.pk)
    if item.state == State.WITHDRAWN:
        raise Refused("It is withdrawn; put it back first.")
    if item.queue.takes_imports:
        raise Refused("Its queue takes imported labels only: nobody claims from it.")
    if item.k + 1 > MOST_REVIEWS:
        raise Refused(f"An item asks for {MOST_REVIEWS} reviews at most.")
    action = write_down(Kind.ASK_MORE, item, by, reason, bulk=bulk)
    places.set_k(item, item.k + 1, by)
    return action


@transaction.atomic
def ask_fewer(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Take an open place back, which undoes `ask_more` as long as nobody has taken it."""
    item = lock_item(item.pk)
    if item.k < 2 or not item.places.filter(state=Place.State.OPEN, is_extra=False).exists():
        raise Refused("No open place is left to take back.")
    action = write_down(Kind.ASK_FEWER, item, by, reason, bulk=bulk)
    places.set_k(item, item.k - 1, by)
    return action


@transaction.atomic
def put_first(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Ask for its open reviews before all others of the queue. Undone, in the order of waiting, by `put_last`."""
    return moved(Kind.PUT_FIRST, item, by, reason, bulk)


@transaction.atomic
def put_last(item: Item, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    return moved(Kind.PUT_LAST, item, by, reason, bulk)


def moved(kind: Action.Kind, item: Item, by: Member, reason: str, bulk: BulkAction | None) -> Action:
    item = lock_item(item.pk)
    if not item.places.filter(state=Place.State.OPEN, is_extra=False).exists():
        raise Refused("No place of it is open: nobody waits to be asked.")
    action = write_down(kind, item, by, reason, bulk=bulk)
    places.move(item, by, first=kind == Kind.PUT_FIRST)
    return action


@transaction.atomic
def settle_again(item: Item, by: Member, reason: str) -> Action:
    """End the verdict and settle by rule from the reviews that count now; without a majority a dispute opens."""
    item = settled(item)
    action = write_down(Kind.REOPEN, item, by, reason)
    places.end_verdict(item, by)
    Item.objects.filter(pk=item.pk).update(state=State.COMPLETE, settle_after=None)
    record("item-reopened", item, actor=by, how="again")
    settle_item(item)
    return action


@transaction.atomic
def contest(item: Item, by: Member, reason: str, keys: list[str]) -> Action:
    """End the verdict and put questions of it before a moderator who did not review the item."""
    item = settled(item)
    known = [criterion.key for criterion in decidable(item)]
    keys = [key for key in known if key in keys]
    if not keys:
        raise Refused("Choose at least one question to decide.")
    action = write_down(Kind.REOPEN, item, by, reason)
    places.end_verdict(item, by)
    Item.objects.filter(pk=item.pk).update(state=State.UNRESOLVED)
    case = load([item])[0]
    value = worth(item, criteria_of(item.rubric_version), case.settled(), keys)
    Adjudication.objects.create(project_id=item.project_id, item=item, disputed=keys, value=value)
    record("item-reopened", item, actor=by, how="contested", criteria=keys)
    return action


def settled(item: Item) -> Item:
    """The item, locked, while it has a verdict to reopen."""
    lock_before(item.pk)
    item = lock_item(item.pk)
    if item.state != State.SETTLED:
        raise Refused("Only a settled item is reopened.")
    if load([item])[0].is_overtaken:
        raise Refused("It was asked again under a newer version, and that verdict stands: reopen the newer item.")
    return item


def decidable(item: Item) -> list[Criterion]:
    """The questions that a moderator can decide: those that are voted on."""
    return [criterion for criterion in criteria_of(item.rubric_version) if criterion.kind in DECIDED]


@transaction.atomic
def invalidate(assignment: Assignment, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Take a review out of the count; a verdict that counted it ends. Undone by `restore`."""
    item = lock_item(assignment.item_id)
    row = Assignment.objects.get(pk=assignment.pk)
    if row.state not in {Assignment.State.SUBMITTED, Assignment.State.SURPLUS}:
        raise Refused("Only a submitted review is invalidated.")
    action = write_down(Kind.INVALIDATE, item, by, reason, assignment=row, bulk=bulk)
    places.invalidate(row, by)
    return action


@transaction.atomic
def restore(assignment: Assignment, by: Member, reason: str, bulk: BulkAction | None = None) -> Action:
    """Let an invalidated review count again, or keep it as surplus when its place is taken."""
    item = lock_item(assignment.item_id)
    row = Assignment.objects.select_related("review").get(pk=assignment.pk)
    if row.state != Assignment.State.INVALIDATED or row.review is None or row.review.withdrawn_at:
        raise Refused("Only an invalidated review is restored.")
    action = write_down(Kind.RESTORE, item, by, reason, assignment=row, bulk=bulk)
    places.restore(row, by)
    return action


def verdicts_of(item: Item) -> Any:
    """Every verdict of the item, the newest first."""
    queue = item.queue
    rows = Verdict.objects.filter(subject=item.subject_id, rubric_version=item.rubric_version, origin=queue.key)
    return rows.select_related("settled_by__user").order_by("-pk")
