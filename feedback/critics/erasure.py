"""What this room forgets of a person: the words that critics quoted and wrote; scores and labels stay."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from feedback.critics.models import Assessment
from feedback.erasing import Part, Scope, emptied


def assessments(scope: Scope) -> QuerySet[Any]:
    return Assessment.objects.filter(response__in=scope.responses, erased_at=None)


PARTS = [Part("assessments by critics", assessments, emptied)]
