"""Answers that are kept for repeated requests (`Idempotency-Key`) name what they were about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from feedback.accounts.models import IdempotencyKey
from feedback.erasing import Part, Scope

AT_ONCE = 50  # names that one statement looks for


def answers(scope: Scope) -> QuerySet[Any]:
    return answers_naming(scope.project_id, scope.names())


def answers_naming(project_id: int, names: Iterable[str]) -> QuerySet[Any]:
    rows, ids = IdempotencyKey.objects.filter(project=project_id), set[int]()
    for some in in_groups(sorted({json.dumps(name, ensure_ascii=False)[1:-1] for name in names if name})):
        wanted = Q()
        for name in some:
            wanted |= Q(body__contains=name)
        ids |= set(rows.filter(wanted).values_list("pk", flat=True))
    return rows.filter(pk__in=ids)


def in_groups(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))


PARTS = [Part("kept answers to programs", answers, lambda rows: rows.delete())]
