"""Which responses are a person's: those under their key, and those without any key that repeat what they said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from feedback.accounts.models import Project
from feedback.among import Among
from feedback.erasing import Scope
from feedback.erasures.models import Erasure
from feedback.responses.models import Response

PREVIEWED = 20_000  # responses that a preview looks at


def near(project_id: int, key: str, known: QuerySet[Any]) -> Iterator[QuerySet[Response]]:
    """Their own; then what is nobody else's and belongs to a conversation of theirs, or stands in one set with an
    answer to them, which is another answer to the same words. `known` are those found before.
    """
    rows = Response.objects.filter(project=project_id)
    yield rows.filter(subject_key=key)
    nobodys = rows.filter(subject_key="", erased_at=None)
    conversations = known.exclude(conversation_id="").values("conversation_id")
    yield nobodys.filter(conversation_id__in=conversations)
    sets = known.filter(subject_parts__subject__size__gt=1).values("subject_parts__subject")
    yield nobodys.filter(subject_parts__subject__in=sets)


def found(project: Project, key: str) -> Scope:
    """For a preview: nothing is written."""
    ids: set[int] = set()
    for number in range(3):
        known = Response.objects.filter(Among("pk", list(ids)))
        rows = list(near(project.pk, key, known))[number]
        ids |= set(rows.values_list("pk", flat=True)[:PREVIEWED])
    return Scope(project.pk, key, Response.objects.filter(Among("pk", sorted(ids))))


def marked(erasure: Erasure) -> Scope:
    """What an erasure has found so far."""
    return Scope(erasure.project_id, erasure.subject_key, Response.objects.filter(erased_by=erasure.pk))


def mark(erasure: Erasure, limit: int) -> int:
    """Take some more responses into the erasure; 0 when there are no others."""
    scope = marked(erasure)
    for rows in near(erasure.project_id, erasure.subject_key, scope.responses):
        ids = list(dict.fromkeys(rows.filter(erased_by=None).values_list("pk", flat=True)[:limit]))
        if ids:
            return Response.objects.filter(pk__in=ids, erased_by=None).update(erased_by=erasure.pk)
    return 0
