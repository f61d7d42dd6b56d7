"""Who has read which guideline: acknowledged once a version, so that a newer one can say what changed since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.rubrics.models import Reading, RubricVersion

GUIDELINE = "rubric_version__guideline__number"


@transaction.atomic
def acknowledge(version: RubricVersion, member: Member, request: Any = None) -> bool:
    """This person has read the version; False when they had said so before."""
    _, is_new = Reading.objects.get_or_create(
        member=member, rubric_version=version, defaults={"project_id": version.project_id}
    )
    if is_new:
        record("guideline-read", version, request=request, actor=member, number=version.number)
    return is_new


def read_before(version: RubricVersion, member: Member) -> RubricVersion | None:
    """The newest version before this one that the person has read."""
    rows = RubricVersion.objects.filter(rubric=version.rubric_id, number__lt=version.number, readings__member=member)
    return rows.select_related("guideline").order_by("-number").first()


def newest_read(rubric_id: int, member_ids: Iterable[int]) -> dict[int, int]:
    """By member: the number of the newest guideline of the rubric that they have read."""
    rows = Reading.objects.filter(member__in=list(member_ids), rubric_version__rubric=rubric_id).order_by()
    return dict(rows.exclude(**{GUIDELINE: None}).values_list("member").annotate(newest=Max(GUIDELINE)))
