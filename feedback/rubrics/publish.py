"""Publishing a rubric version: checked, numbered, and never edited afterwards."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.rubrics.definition import RubricRefused, check_definitions, size_of
from feedback.rubrics.models import RANKED, Criterion, Guideline, GuidelineVersion, Rubric, RubricVersion

__all__ = ["RubricRefused", "publish", "publish_guideline"]


@transaction.atomic
def publish(
    rubric: Rubric,
    criteria: list[dict[str, Any]],
    guideline: GuidelineVersion | str | None = None,
    *,
    subject_size: int | None = None,
    by: Member | None = None,
) -> RubricVersion:
    """The next version of the rubric with these criteria, in their order; `RubricRefused` when they cannot be.

    A guideline given as text becomes the next version of the guideline that has the rubric's name. A rubric with a
    comparison judges pairs, one with a ranking as many as that ranks, any other single responses unless `subject_size`
    says otherwise.
    """
    rows = check_definitions(criteria)
    needed = next(filter(None, map(size_of, rows)), 1)
    size = subject_size or needed
    is_exact = any(row["kind"] in {*RANKED, Criterion.Kind.PER_TURN} for row in rows)
    if size < needed or is_exact and size > needed:
        raise RubricRefused([{"pointer": "", "detail": f"These questions need {needed} responses at once."}])
    Rubric.objects.select_for_update().get(pk=rubric.pk)  # one publisher at a time
    number = (rubric.versions.aggregate(newest=Max("number"))["newest"] or 0) + 1
    if isinstance(guideline, str):
        guideline = publish_guideline(rubric, guideline)
    version = RubricVersion.objects.create(
        project_id=rubric.project_id, rubric=rubric, number=number, guideline=guideline, subject_size=size
    )
    Criterion.objects.bulk_create(
        Criterion(project_id=rubric.project_id, rubric_version=version, position=position, **row)
        for position, row in enumerate(rows)
    )
    record("rubric-published", version, actor=by or "system", number=number, criteria=len(rows))
    return version


def publish_guideline(rubric: Rubric, text: str) -> GuidelineVersion:
    """The newest version of the rubric's guideline when it says just this, else a new one."""
    guideline, _ = Guideline.objects.get_or_create(project_id=rubric.project_id, name=rubric.name)
    newest = guideline.versions.order_by("-number").first()
    if newest is not None and newest.text == text:
        return newest
    number = newest.number + 1 if newest else 1
    return GuidelineVersion.objects.create(project_id=rubric.project_id, guideline=guideline, number=number, text=text)
