"""Gold on a person's responses: what is expected there and why is emptied, and nobody is given it any more."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from feedback.erasing import Part, Scope, emptied
from reviews.quality.gold_make import retire
from reviews.quality.gold_models import GoldItem, GoldRevision


def expected(scope: Scope) -> QuerySet[Any]:
    theirs = GoldRevision.objects.filter(gold__item__subject__parts__response__in=scope.responses)
    return theirs.filter(erased_at=None).distinct()


def forget(rows: QuerySet[Any]) -> None:
    """Who was compared with it keeps the result, which counts for nobody any more."""
    for gold in GoldItem.objects.filter(revisions__in=rows).distinct():
        retire(gold, "system")
    emptied(rows)


PARTS = [Part("what gold items expect", expected, forget, chunk=20)]
