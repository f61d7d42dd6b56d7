"""The verdicts that a version is built from, held still while the world moves on, and read in chunks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime

from feedback.accounts.models import Project
from feedback.datasets.rule import Rule
from feedback.judgements.models import Review, Verdict, VerdictQuerySet
from feedback.responses.models import Response


@dataclass
class Judged:
    """A verdict with all that a row may quote: its responses in the subject's order, and the reviews that it counts."""

    verdict: Verdict
    responses: list[Response]
    reviews: list[Review]


def bounds(project: Project) -> dict[str, Any]:
    """The newest verdict now, and the time: later verdicts and later changes are not part of the version."""
    row = Project.objects.filter(pk=project.pk).annotate(now=models.ExpressionWrapper(Now(), models.DateTimeField()))
    now = row.values_list("now", flat=True).get()
    newest = Verdict.objects.filter(project=project).aggregate(newest=Max("pk"))["newest"] or 0
    return {"newest": newest, "as_of": now.isoformat()}


def verdicts(project_id: int, rule: Rule, cursor: dict[str, Any]) -> VerdictQuerySet:
    """What was current at the bounds, under the rule's queues."""
    as_of: datetime | None = parse_datetime(cursor["as_of"])
    rows = Verdict.objects.filter(Q(is_current=True) | Q(superseded_at__gt=as_of), project_id=project_id, pk__lte=cursor["newest"])
    return rows.filter(origin__in=rule.queues) if rule.queues else rows


def responses_of(subject_ids: set[int]) -> dict[int, list[Response]]:
    """Responses with bodies and prompt versions of each subject, in its order."""
    found: dict[int, list[Response]] = {}
    rows = (
        Response.objects.filter(subject_parts__subject__in=subject_ids)
        .annotate(of_subject=models.F("subject_parts__subject_id"), at=models.F("subject_parts__position"))
        .select_related("body", "model", "prompt_version__prompt")
        .order_by("of_subject", "at")
    )
    for response in rows:
        found.setdefault(response.of_subject, []).append(response)
    return found


def load(chunk: list[Verdict]) -> list[Judged]:
    """Everything about these verdicts in a fixed number of queries."""
    responses = responses_of({verdict.subject_id for verdict in chunk})
    ids = {pk for verdict in chunk for pk in verdict.review_ids}
    rows = Review.objects.filter(pk__in=ids).select_related("reviewer").order_by("pk")
    full = rows.prefetch_related(
        "ratings__criterion", "comparisons__criterion", "spans__evidence", "spans__marked_passage", "spans__criterion", "corrections__criterion"
    )
    reviews = {review.pk: review for review in full}
    return [
        Judged(verdict, responses[verdict.subject_id], [reviews[pk] for pk in verdict.review_ids if pk in reviews])
        for verdict in chunk
    ]
