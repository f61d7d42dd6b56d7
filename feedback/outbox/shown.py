"""Webhooks in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from feedback.accounts.models import Project
from feedback.jobs import Job
from feedback.outbox.models import Delivery

# State of a delivery -> words, tone and icon of its chip.
STATE_WORDS: dict[str, tuple[str, str, str]] = {
    Job.State.QUEUED: ("Waiting", "", "hourglass-split"),
    Job.State.RUNNING: ("Being sent", "accent", "activity"),
    Job.State.DONE: ("Delivered", "good", "check2"),
    Job.State.FAILED: ("Given up", "bad", "exclamation-triangle"),
    Job.State.CANCELLED: ("Cancelled", "", "x-lg"),
}


def endpoint_lines(project: Project) -> list[dict[str, Any]]:
    """Each endpoint with how many events wait for it, and when it took one last. Two statements."""
    newest = Delivery.objects.filter(endpoint=OuterRef("pk"), state=Job.State.DONE).order_by("-pk")
    endpoints = project.endpoints.there().order_by("pk").annotate(last_at=Subquery(newest.values("finished_at")[:1]))
    unfinished = project.deliveries.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    waiting = dict(unfinished.values_list("endpoint").annotate(n=Count("pk")))
    rows = []
    for endpoint in endpoints:
        endpoint.project = project
        rows.append({"endpoint": endpoint, "n_waiting": waiting.get(endpoint.pk, 0)})
    return rows


def attempt_lines(delivery: Delivery) -> list[dict[str, Any]]:
    """Numbered, the newest first."""
    numbered = enumerate(delivery.attempts, 1)
    lines = [{**one, "number": number, "when": datetime.fromisoformat(one["at"])} for number, one in numbered]
    return lines[::-1]
