"""What must always hold of assessments (DESIGN §9)."""

from __future__ import annotations

from django.db.models import F, QuerySet

from feedback.checks import Invariant
from feedback.critics.models import Assessment

CHUNK = 500


def misplaced_spans() -> list[str]:
    rows = Assessment.objects.filter(erased_at__isnull=True).exclude(spans=[]).order_by("pk")
    found = rows.values_list("pk", "spans", "response__body__output").iterator(chunk_size=CHUNK)
    return [
        f"assessment {pk}"
        for pk, spans, text in found
        if any(text[span["start"] : span["end"]] != span["quote"] for span in spans)
    ]


def foreign_assessments() -> QuerySet[Assessment]:
    return Assessment.objects.exclude(
        version__project=F("project"), version__critic__project=F("project"), response__project=F("project")
    )


INVARIANTS = [
    Invariant("I12", "every span of a critic quotes what stands at its offsets", misplaced_spans),
    Invariant("I13", "assessments, their critics and responses share a project", foreign_assessments),
]
