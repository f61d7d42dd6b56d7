"""Keeping a person from claiming, and letting them in again. Who holds an item may finish it, as in a paused queue."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.audit.log import record
from reviews.queues.models import Queue, Restriction
from reviews.queues.take import lock_front


class RestrictionRefused(Exception):
    """This cannot be done now; the message is for the moderator."""


def restrict(member: Member, queue: Queue | None, by: Member, reason: str) -> Restriction:
    """From here on the person claims nothing in the queue, or in any of the project's when it is None.

    When it returns, no claim of theirs is under way any more: raises RestrictionRefused when it stands already.
    """
    if member.pk == by.pk:
        raise RestrictionRefused("Nobody restricts themselves.")
    if member.user_id is None:
        raise RestrictionRefused("An imported person claims nothing.")
    if not reason.strip():
        raise RestrictionRefused("Say why: the person reads it.")
    try:
        with transaction.atomic():
            return keep_out(member, queue, by, reason.strip())
    except IntegrityError:
        raise RestrictionRefused("It stands already.") from None


def keep_out(member: Member, queue: Queue | None, by: Member, reason: str) -> Restriction:
    made = Restriction.objects.create(
        project_id=member.project_id, member=member, queue=queue, by=by, reason=reason, at=timezone.now()
    )
    record("member-restricted", made, actor=by, **facts(made))
    queues = [queue] if queue else member.project.queues.filter(takes_imports=False).order_by("pk")
    for one in queues:
        lock_front(one, member)  # waits for a claim that began before; who comes later reads what is committed here
    return made


@transaction.atomic
def lift(restriction: Restriction, by: Member, reason: str) -> Restriction:
    """The person claims again, from where they stopped."""
    row = Restriction.objects.select_for_update(of=("self",)).select_related("member").get(pk=restriction.pk)
    if not row.is_standing:
        raise RestrictionRefused("It is lifted already.")
    if row.member_id == by.pk:
        raise RestrictionRefused("It is about you: another moderator lifts it.")
    if not reason.strip():
        raise RestrictionRefused("Say why: the person reads it.")
    row.lifted_at, row.lifted_by, row.lift_reason = timezone.now(), by, reason.strip()
    row.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    record("member-restriction-lifted", row, actor=by, **facts(row))
    return row


def facts(row: Restriction) -> dict[str, str]:
    return {"member": str(row.member.key), "queue": row.queue.key if row.queue else ""}
