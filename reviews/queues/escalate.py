"""Escalations: a reviewer asks a moderator about an item, both say what they have to say, one of them closes it.

One open conversation an item and reviewer; asking again adds to it. What a reviewer writes here is no answer to the
rubric and settles nothing: the moderator acts on the item by its own verbs.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.text.canonical import CanonicalError, canonicalise
from reviews.queues.models import Assignment, Escalation, EscalationMessage

LONGEST = 2000


class EscalationRefused(Exception):
    """The message cannot be taken; says why, in words for whoever wrote it."""


@transaction.atomic
def raise_escalation(assignment: Assignment, text: str) -> Escalation:
    """Ask about the item of this turn. The lock on the turn makes two presses of the button one conversation."""
    Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
    escalation, is_new = Escalation.objects.get_or_create(
        item_id=assignment.item_id,
        raised_by_id=assignment.reviewer_id,
        closed_at=None,
        defaults={"project_id": assignment.project_id, "assignment": assignment},
    )
    if is_new:
        record("escalation-raised", escalation, actor=assignment.reviewer, item=assignment.item_id)
    say(escalation, assignment.reviewer, text)
    return escalation


@transaction.atomic
def say(escalation: Escalation, member: Member, text: str) -> EscalationMessage:
    """Add a message. Who may not see the conversation finds it gone (Escalation.DoesNotExist)."""
    locked = of(escalation, member)
    if not locked.is_open:
        raise EscalationRefused("This conversation is closed. Ask anew from the item when there is more to say.")
    message = EscalationMessage.objects.create(
        project_id=locked.project_id, escalation=locked, author=member, text=checked(text)
    )
    record("escalation-answered", locked, actor=member, message=message.pk)
    return message


@transaction.atomic
def close(escalation: Escalation, member: Member) -> None:
    """End the conversation; ending it twice is ending it once. Who asked is not left without a word."""
    locked = of(escalation, member)
    if locked.is_open:
        if not locked.is_answered and member.pk != locked.raised_by_id:
            raise EscalationRefused("Say a word to the reviewer before you close the question.")
        locked.closed_at, locked.closed_by = timezone.now(), member
        locked.save(update_fields=["closed_at", "closed_by"])
        record("escalation-closed", locked, actor=member)
    escalation.closed_at, escalation.closed_by = locked.closed_at, locked.closed_by


def of(escalation: Escalation, member: Member) -> Escalation:
    """The row, locked, if this member may see it."""
    rows = Escalation.objects.visible_to(member).select_for_update(of=("self",), no_key=True)
    return rows.get(pk=escalation.pk)


def checked(text: str) -> str:
    """The text as it is stored; EscalationRefused when there is none, too much, or what no database can hold."""
    try:
        text = canonicalise(text).strip()
    except CanonicalError as error:
        raise EscalationRefused(error.message) from error
    if not text:
        raise EscalationRefused("Say what the moderator should look at.")
    if len(text) > LONGEST:
        raise EscalationRefused(f"At most {LONGEST:,} characters; this has {len(text):,}.")
    return text
