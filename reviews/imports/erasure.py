"""Labels of a person's responses: the name each had elsewhere, the files they came in, answers to programs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from feedback.accounts.erasure import answers_naming
from feedback.erasing import Part, Scope, emptied
from feedback.responses.erasure import forget, uploads_naming
from reviews.imports.models import ImportedReview, LabelUpload


def labels(scope: Scope) -> QuerySet[Any]:
    theirs = ImportedReview.objects.filter(review__subject__parts__response__in=scope.responses)
    return theirs.filter(erased_at=None).distinct()


def answers(scope: Scope) -> QuerySet[Any]:
    return answers_naming(scope.project_id, labels(scope).values_list("external_id", flat=True))


def uploads(scope: Scope) -> QuerySet[Any]:
    return uploads_naming(scope, LabelUpload)


PARTS = [
    Part("files of labels", uploads, forget, reads_files=True),
    Part("kept answers to imports", answers, lambda rows: rows.delete()),
    Part("names of imported labels", labels, emptied),
]
