"""Who may claim: the people named for a restricted queue, those who have its skill, and those who passed a training.
models.py imports this.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from feedback.accounts.models import Member, ProjectRow
from reviews.queues.escalation_models import MemberSkill
from reviews.queues.restriction_models import of_member


class Admission(ProjectRow):
    """One of the people who may claim from a restricted queue. Who holds an item when it ends may finish that item."""

    queue = models.ForeignKey("queues.Queue", models.CASCADE, related_name="admissions")
    member = models.ForeignKey(Member, models.CASCADE, related_name="admissions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "member", name="admission_once")]

    def __str__(self) -> str:
        return f"{self.member} in {self.queue}"


class Qualification(ProjectRow):
    """Who passed a training queue; written by a higher room, which knows what passing is."""

    queue = models.ForeignKey("queues.Queue", models.CASCADE, related_name="qualifications")
    member = models.ForeignKey(Member, models.CASCADE, related_name="qualifications")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("queue", "member", name="qualification_once")]

    def __str__(self) -> str:
        return f"{self.member} passed {self.queue}"


def is_named(member: Any) -> Q:
    """Of queues: those that ask for everybody, or for this member by name or by skill. A member or an OuterRef."""
    named = Admission.objects.filter(queue=OuterRef("pk"), member=member)
    skilled = MemberSkill.objects.filter(member=member, tag=OuterRef("skill"))
    return Q(Q(is_restricted=False) | Exists(named), Q(skill="") | Exists(skilled))


class QueueQuerySet(models.QuerySet["Any"]):
    def for_reviewer(self, member: Member) -> QueueQuerySet:
        """Queues that this person may claim from, were they open: `statements.HANDS_OUT` says the same in SQL."""
        passed = Qualification.objects.filter(queue=OuterRef("training"), member=member)
        is_open_to_them = Q(training__isnull=True) | Exists(passed)
        return self.filter(is_named(member), is_open_to_them, ~of_member(member), takes_imports=False)

    def for_pupil(self, member: Member) -> QueueQuerySet:
        """Queues that would be this person's after a training that they have not passed."""
        passed = Qualification.objects.filter(queue=OuterRef("training"), member=member)
        theirs = self.filter(is_named(member), ~of_member(member), training__isnull=False, takes_imports=False)
        return theirs.filter(~Exists(passed))
