"""What people ask not to see. Members are what it belongs to; models.py imports this."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef

from feedback.accounts.models import Member, ProjectRow
from feedback.responses.models import Response
from feedback.responses.tags import HasTag


class OptOut(ProjectRow):
    """A person is given no items whose responses have this tag, until they opt in again.

    The claim asks for it in SQL (statements.WANTED); care.py makes and ends it.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="opt_outs", db_index=False)  # opt_out_once
    tag = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "tag", name="opt_out_once")]

    def __str__(self) -> str:
        return f"{self.member.pseudonym} without {self.tag}"


def unwanted(member: Any, item: Any) -> Exists:
    """Whether this person asked not to see what the item shows: `statements.WANTED` says the opposite in SQL.

    Both are rows, or outer references of the query that asks.
    """
    shown = Response.objects.filter(HasTag(F("tags"), OuterRef("tag")), subject_parts__subject__items=inside(item))
    return Exists(OptOut.objects.filter(Exists(shown), member=member))


def inside(value: Any) -> Any:
    return OuterRef(value) if isinstance(value, OuterRef) else value
