"""/metrics for Prometheus: what the web processes counted, and what the rows say about work that waits.

Off without METRICS_TOKEN. No label names a project, a person or a text: whoever runs the service reads this page, and
belongs to no project. Only what is small is counted: unfinished rows, each through an index that holds nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from feedback.jobs import Job, job_models
from reviews.monitoring.backlog import bells, workers
from reviews.quality.models import Adjudication
from reviews.quality.settle import due_items
from reviews.queues.models import Escalation, Place


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN:
        raise Http404("Metrics are off: METRICS_TOKEN turns them on.")
    if not constant_time_compare(given, settings.METRICS_TOKEN):
        return HttpResponse("Send the METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Rows())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Rows(Collector):
    """Gauges that are questions to the database, asked at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from queues()
        yield jobs()
        for name, words, rows in (
            ("claims_overdue", "Claims whose lease is over and that no sweep has freed.", overdue()),
            ("items_to_settle", "Complete items whose time to be settled has come.", due_items()),
            ("disputes_open", "Items that wait for a moderator's judgement.", Adjudication.objects.open()),
            ("escalations_open", "Questions of reviewers that nobody has closed.", Escalation.objects.open()),
        ):
            yield GaugeMetricFamily(f"touchstone_{name}", words, value=rows.count())


def overdue() -> QuerySet[Place]:
    return Place.objects.filter(state=Place.State.CLAIMED, lease_until__lte=Now())


def queues() -> list[GaugeMetricFamily]:
    """Per Celery queue: rows that wait, the age of the oldest, workers that listen."""
    waiting = GaugeMetricFamily("touchstone_jobs_waiting", "Jobs that a worker could take now.", labels=["queue"])
    oldest = GaugeMetricFamily("touchstone_jobs_oldest_seconds", "Age of the oldest of them.", labels=["queue"])
    alive = GaugeMetricFamily("touchstone_workers", "Live workers that listen.", labels=["queue"])
    for bell in bells(workers()):
        waiting.add_metric([bell.name], bell.waiting)
        oldest.add_metric([bell.name], bell.oldest.total_seconds() if bell.oldest else 0)
        alive.add_metric([bell.name], bell.workers)
    return [waiting, oldest, alive]


def jobs() -> GaugeMetricFamily:
    """Jobs of each kind that are not finished, and those that failed and that nobody has tried again."""
    found = GaugeMetricFamily("touchstone_jobs", "Jobs by kind and state.", labels=["kind", "state"])
    shown = [Job.State.QUEUED, Job.State.RUNNING, Job.State.FAILED]
    for model in job_models():
        counts = dict(model.objects.filter(state__in=shown).values_list("state").annotate(n=Count("pk")))
        for state in shown:
            found.add_metric([model._meta.label_lower, state], counts.get(state, 0))
    return found
