"""Why a moderator acted on an item may quote what it is about. The act stays, its words go."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from feedback.erasing import Part, Scope
from reviews.moderation.models import Action, BulkAction

GONE = "(erased)"


def actions(scope: Scope) -> QuerySet[Any]:
    theirs = Action.objects.filter(item__subject__parts__response__in=scope.responses)
    return theirs.exclude(reason=GONE).distinct()


def bulk_actions(scope: Scope) -> QuerySet[Any]:
    theirs = BulkAction.objects.filter(actions__item__subject__parts__response__in=scope.responses)
    return theirs.exclude(reason=GONE).distinct()


def without_words(rows: QuerySet[Any]) -> int:
    return rows.update(reason=GONE)


PARTS = [
    Part("reasons of moderators", actions, without_words),
    Part("reasons of bulk actions", bulk_actions, without_words, is_counted=False),
]
