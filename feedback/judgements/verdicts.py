"""When a verdict stops standing with none in its place: its reviews no longer say it, or further ones are asked for."""

from __future__ import annotations

from django.db.models.functions import Now

from feedback.judgements.models import Verdict
from feedback.responses.models import Response

OUTCOMES = {True: "failed", False: "passed", None: ""}


def end_current(subject_id: int, rubric_version_id: int, origin: str) -> list[int]:
    """Supersede the current verdict at once, inside the caller's transaction; the ids of what was ended, at most one.

    The responses' fact falls back to the newest verdict that still stands, of another queue say, or to none.
    """
    rows = Verdict.objects.current().filter(subject=subject_id, rubric_version=rubric_version_id, origin=origin)
    ended = list(rows.values_list("pk", flat=True))
    if ended:
        Verdict.objects.filter(pk__in=ended, is_current=True).update(is_current=False, superseded_at=Now())
        stamp_standing(subject_id)
    return ended


def stamp_standing(subject_id: int) -> None:
    """Note on a response that is judged alone what its newest standing verdict says."""
    judged = Response.objects.filter(subject_parts__subject=subject_id, subject_parts__subject__size=1)
    ids = list(judged.values_list("pk", flat=True))
    for pk in Response.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True):
        newest = Verdict.objects.current().filter(subject=subject_id).order_by("-pk")
        outcome = OUTCOMES[newest.values_list("is_failure", flat=True).first()]
        Response.objects.filter(pk=pk).exclude(verdict=outcome).update(verdict=outcome)
