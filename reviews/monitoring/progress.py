"""How far the queues are, how much their reviewers agree, and what is ready or waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.jobs import Job, job_models
from feedback.statistics.intervals import Interval, wilson
from reviews.monitoring.facts import Settled, agreed, ready
from reviews.monitoring.quality import MINIMUM
from reviews.queues.counts import counts_of
from reviews.queues.models import Assignment, Item, Queue

QUEUES = 10  # shown, the newest
WEEK = timedelta(days=7)
STEADY_DAYS = 3  # a pace rests on reviews from so many different days
FAR = 90  # days; nobody knows the pace of a date beyond
COUNTED = 1000  # what waits is counted no further


@dataclass(frozen=True)
class Progress:
    queue: Queue
    done: int
    total: int
    n_agreed: int
    n_voted: int  # items with the votes of at least two
    left: int  # places to fill
    pace: int  # reviews of the last week
    steady: bool

    @property
    def agreement(self) -> Interval | None:
        """Of the share of items on which all said the same to every question that must be answered and is voted on."""
        return wilson(self.n_agreed, self.n_voted) if self.n_voted >= MINIMUM else None

    @property
    def finish(self) -> date | None:
        """When the last place is filled if reviews come in as they did last week; None where that would be a guess."""
        if not self.left or not self.steady or self.pace < MINIMUM:
            return None
        days = ceil(self.left / (self.pace / WEEK.days))
        return timezone.localdate() + timedelta(days=days) if days <= FAR else None


def progress_of(project: Project) -> list[Progress]:
    """Of the newest queues that are not closed. Nine queries at most."""
    queues = list(
        project.queues.exclude(state=Queue.State.CLOSED).select_related("rubric_version").order_by("-pk")[:QUEUES]
    )
    counts = counts_of(queues)
    days: dict[int, list[int]] = {}
    turns = Assignment.objects.filter(queue__in=queues, submitted_at__gte=timezone.now() - WEEK)
    for row in turns.annotate(day=TruncDate("submitted_at")).values("queue", "day").annotate(n=Count("pk")).order_by():
        days.setdefault(row["queue"], []).append(row["n"])
    votes = votes_of(project, queues)
    found = []
    for queue in queues:
        mine = counts[queue.pk]
        agreed, voted = votes.get(queue.key, (0, 0))
        found.append(
            Progress(
                queue=queue,
                done=mine.items(Item.State.SETTLED, Item.State.COMPLETE),
                total=mine.n_items - mine.items(Item.State.WITHDRAWN),
                n_agreed=agreed,
                n_voted=voted + mine.items(Item.State.UNRESOLVED),
                left=mine.places - mine.filled,
                pace=sum(days.get(queue.pk, [])),
                steady=len(days.get(queue.pk, [])) >= STEADY_DAYS,
            )
        )
    return found


def votes_of(project: Project, queues: list[Queue]) -> dict[str, tuple[int, int]]:
    """(agreed, voted) by the queue's key, over settled items that at least two reviewed."""
    settled = Settled(project)
    keys, versions = [queue.key for queue in queues], [queue.rubric_version_id for queue in queues]
    facts = settled.facts.filter(queue_key__in=keys, rubric_version__in=versions, agreed__isnull=False)
    rows = facts.order_by().values_list("queue_key", "agreed").annotate(n=Count("pk"))
    parts = [(key, n if is_agreed else 0, n) for key, is_agreed, n in rows]
    if settled.read:
        few = settled.verdicts.filter(origin__in=keys, rubric_version__in=versions, n_reviews__gte=2).order_by()
        parts += few.values_list("origin").annotate(alike=Count("pk", filter=agreed(project)), n=Count("pk"))
    found: dict[str, tuple[int, int]] = {}
    for key, alike, n in parts:
        before = found.get(key, (0, 0))
        found[key] = (before[0] + alike, before[1] + n)
    return found


def pairs_ready(settled: Settled) -> tuple[int, int]:
    """(ready, waiting): comparisons settled with a preferred response by two thirds, and items still on their way."""
    project = settled.project
    of_pairs = project.queues.filter(rubric_version__subject_size__gte=2).values("pk")
    waiting = Item.objects.filter(
        queue__in=of_pairs, state__in=[Item.State.OPEN, Item.State.COMPLETE, Item.State.UNRESOLVED]
    )
    n = settled.facts.filter(is_ready=True).count()
    if settled.read:
        n += settled.verdicts.filter(ready(settled.criteria), subject__size__gte=2).count()
    return n, waiting[: COUNTED + 1].count()


@dataclass(frozen=True)
class Waiting:
    """Something that waits for a person: what, how many (counted up to COUNTED), and the route that shows it."""

    label: str
    n: int
    route: str
    tone: str = ""

    @property
    def count(self) -> str:
        return f"{COUNTED:,} or more" if self.n > COUNTED else f"{self.n:,}"


def waiting_of(project: Project) -> list[Waiting]:
    disputes = project.adjudications.filter(settled_at=None, item__state=Item.State.UNRESOLVED)
    escalations = project.escalations.open()
    return [
        Waiting("Disputed items, in no rate until settled", disputes[: COUNTED + 1].count(), "quality:unsettled"),
        Waiting("Escalations without an answer", escalations[: COUNTED + 1].count(), "moderation:escalation-list"),
        Waiting("Background runs that failed this week", failed_jobs(project), "monitoring:job-list", "bad"),
    ]


def failed_jobs(project: Project) -> int:
    """Of every kind there is, in one query."""
    recent = {"project": project, "state": Job.State.FAILED, "finished_at__gte": timezone.now() - WEEK}
    parts = [
        model.objects.filter(**recent).order_by().values_list("pk")
        for model in job_models()
        if model.is_listed and any(field.name == "project" for field in model._meta.get_fields())
    ]
    return len(parts[0].union(*parts[1:], all=True)[: COUNTED + 1]) if parts else 0
