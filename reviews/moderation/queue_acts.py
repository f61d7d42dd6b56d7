"""What a moderator does to a whole queue: pause it, open it again, ask for more or fewer reviews of new items."""

from __future__ import annotations

from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from reviews.moderation.act import MOST_REVIEWS, Refused
from reviews.moderation.models import QueueAct
from reviews.queues.models import Queue

Kind = QueueAct.Kind
STATES = {"pause": Queue.State.PAUSED, "open": Queue.State.OPEN}


@transaction.atomic
def set_state(queue: Queue, state: str, by: Member, reason: str) -> QueueAct:
    """Pause or open it. Claims that are held stay held."""
    queue = locked(queue)
    if queue.state == Queue.State.CLOSED:
        raise Refused("The queue is closed: its curator opens it again.")
    if queue.state == state:
        raise Refused(f"The queue is {state} already.")
    act = write_down(Kind.STATE, queue, queue.state, state, by, reason)
    queue.state = state
    queue.save(update_fields=["state"])
    record("queue-state-changed", queue, actor=by, before=act.before, after=act.after)
    return act


@transaction.atomic
def set_overlap(queue: Queue, k: int, by: Member, reason: str) -> QueueAct:
    """How many reviews items ask for that come from now on; items that are there keep what they ask for."""
    queue = locked(queue)
    if queue.takes_imports:
        raise Refused("It takes imported labels only: each brings its own place.")
    if not 1 <= k <= MOST_REVIEWS:
        raise Refused(f"An item asks for 1 to {MOST_REVIEWS} reviews.")
    if queue.k == k:
        raise Refused(f"New items ask for {k} already.")
    act = write_down(Kind.OVERLAP, queue, str(queue.k), str(k), by, reason)
    queue.k = k
    queue.save(update_fields=["k"])
    record("queue-changed", queue, actor=by, before=act.before, after=act.after, field="k")
    return act


def undo(act: QueueAct, by: Member, reason: str) -> QueueAct:
    """Back to what was before; refused when somebody changed it since."""
    queue = Queue.objects.get(pk=act.queue_id)
    now = queue.state if act.kind == Kind.STATE else str(queue.k)
    if now != act.after:
        raise Refused("It was changed again since.")
    if act.kind == Kind.STATE:
        return set_state(queue, act.before, by, reason)
    return set_overlap(queue, int(act.before), by, reason)


def locked(queue: Queue) -> Queue:
    return Queue.objects.select_for_update(of=("self",), no_key=True).get(pk=queue.pk)


def write_down(kind: str, queue: Queue, before: str, after: str, by: Member, reason: str) -> QueueAct:
    if not reason.strip():
        raise Refused("Say why: it stays with the queue.")
    return QueueAct.objects.create(
        project_id=queue.project_id, kind=kind, queue=queue, before=before, after=after, by=by, reason=reason.strip()
    )
