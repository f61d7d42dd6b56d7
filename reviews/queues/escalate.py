"""Escalations: a reviewer asks a moderator about an item, both say what they have to say, one of them closes it.

One open conversation an item and reviewer; asking again adds to it. What a reviewer writes here is no answer to the
rubric and settles nothing: the moderator acts on the item by its own verbs.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.permissions import VERBS
from feedback.text.canonical import CanonicalError, canonicalise
from reviews.queues.models import Assignment, Escalation, EscalationMessage, MemberSkill

LONGEST = 2000
MOST_SKILLS = 20  # of one member


class EscalationRefused(Exception):
    """The message cannot be taken; says why, in words for whoever wrote it."""


@transaction.atomic
def raise_escalation(assignment: Assignment, text: str, skill: str = "") -> Escalation:
    """Ask about the item of this turn, those who carry the skill where one is named. The lock on the turn makes two
    presses of the button one conversation.
    """
    tag = tag_of(skill)
    Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
    escalation, is_new = Escalation.objects.get_or_create(
        item_id=assignment.item_id,
        raised_by_id=assignment.reviewer_id,
        closed_at=None,
        defaults={"project_id": assignment.project_id, "assignment": assignment, "skill": tag},
    )
    if is_new:
        record("escalation-raised", escalation, actor=assignment.reviewer, item=assignment.item_id, skill=tag)
    elif tag and tag != escalation.skill:
        record("escalation-redirected", escalation, actor=assignment.reviewer, before=escalation.skill, after=tag)
        escalation.skill = tag
        escalation.save(update_fields=["skill"])
    say(escalation, assignment.reviewer, text)
    return escalation


@transaction.atomic
def say(escalation: Escalation, member: Member, text: str) -> EscalationMessage:
    """Add a message. Who may not see the conversation finds it gone (Escalation.DoesNotExist)."""
    locked = of(escalation, member)
    if not locked.is_open:
        raise EscalationRefused(
            gettext("This conversation is closed. Ask anew from the item when there is more to say.")
        )
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
            raise EscalationRefused(gettext("Say a word to the reviewer before you close the question."))
        locked.closed_at, locked.closed_by = timezone.now(), member
        locked.save(update_fields=["closed_at", "closed_by"])
        record("escalation-closed", locked, actor=member)
    escalation.closed_at, escalation.closed_by = locked.closed_at, locked.closed_by


def tag_of(skill: str) -> str:
    """A skill as it is stored: in small letters, words with one space between them. EscalationRefused when too long."""
    tag = " ".join(skill.lower().split())
    if len(tag) > MemberSkill.LONGEST:
        raise EscalationRefused(f"A skill has at most {MemberSkill.LONGEST} characters.")
    return tag


@transaction.atomic
def set_skills(member: Member, wanted: Iterable[str], by: Member) -> list[str]:
    """What the member is asked about from now on. EscalationRefused when a tag is too long or there are too many."""
    tags = sorted({tag for tag in map(tag_of, wanted) if tag})
    if len(tags) > MOST_SKILLS:
        raise EscalationRefused(f"At most {MOST_SKILLS} skills.")
    before = sorted(member.skills.values_list("tag", flat=True))
    if tags != before:
        member.skills.exclude(tag__in=tags).delete()
        rows = [MemberSkill(project_id=member.project_id, member=member, tag=tag) for tag in tags]
        MemberSkill.objects.bulk_create(rows, ignore_conflicts=True)
        record("skills-changed", member, actor=by, before=", ".join(before), after=", ".join(tags))
    return tags


def skills_of(project: Project) -> list[str]:
    """Those that somebody who could answer carries, by name."""
    rows = MemberSkill.objects.filter(project=project, member__role__in=VERBS["settle"])
    rows = rows.filter(member__disabled_at__isnull=True).order_by("tag")
    return list(rows.values_list("tag", flat=True).distinct())


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
        raise EscalationRefused(gettext("Say what the moderator should look at."))
    if len(text) > LONGEST:
        raise EscalationRefused(
            gettext("At most %(most)s characters; this has %(n)s.") % {"most": f"{LONGEST:,}", "n": f"{len(text):,}"}
        )
    return text
