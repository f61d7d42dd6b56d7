"""How far the queues are, how much their reviewers agree, and what is ready or waits for somebody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from math import ceil
from operator import and_
from typing import Any

from django.db.models import Count, FloatField, Q, Value
from django.db.models.functions import Cast, TruncDate
from django.db.models.lookups import Exact, GreaterThanOrEqual
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.jobs import Job, job_models
from feedback.judgements.record import criteria_of
from feedback.rubrics.models import Criterion
from feedback.statistics.intervals import Interval, wilson
from reviews.monitoring.measures import AnswerPart
from reviews.monitoring.quality import MINIMUM
from reviews.quality.tally import VOTED
from reviews.queues.models import Assignment, Item, Place, Queue

QUEUES = 10  # shown, the newest
WEEK = timedelta(days=7)
STEADY_DAYS = 3  # a pace rests on reviews from so many different days
FAR = 90  # days; nobody knows the pace of a date beyond
COUNTED = 1000  # what waits is counted no further
SHARE = 2 / 3 - 1e-9  # of the votes, for a pair that is ready


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
    """Of the newest queues that are not closed. Five queries."""
    queues = list(
        project.queues.exclude(state=Queue.State.CLOSED).select_related("rubric_version").order_by("-pk")[:QUEUES]
    )
    states = by_queue(
        Item.objects.filter(queue__in=queues).exclude(state=Item.State.WITHDRAWN).values("queue", "state")
    )
    open_places = Place.objects.filter(queue__in=queues, state__in=[Place.State.OPEN, Place.State.CLAIMED])
    left = by_queue(open_places.values("queue"))
    days: dict[int, list[int]] = {}
    turns = Assignment.objects.filter(queue__in=queues, submitted_at__gte=timezone.now() - WEEK)
    for row in turns.annotate(day=TruncDate("submitted_at")).values("queue", "day").annotate(n=Count("pk")).order_by():
        days.setdefault(row["queue"], []).append(row["n"])
    votes = votes_of(project, queues)
    found = []
    for queue in queues:
        mine = {row["state"]: row["n"] for row in states.get(queue.pk, [])}
        agreed, voted = votes.get(queue.key, (0, 0))
        found.append(
            Progress(
                queue=queue,
                done=mine.get(Item.State.SETTLED, 0) + mine.get(Item.State.COMPLETE, 0),
                total=sum(mine.values()),
                n_agreed=agreed,
                n_voted=voted + mine.get(Item.State.UNRESOLVED, 0),
                left=sum(row["n"] for row in left.get(queue.pk, [])),
                pace=sum(days.get(queue.pk, [])),
                steady=len(days.get(queue.pk, [])) >= STEADY_DAYS,
            )
        )
    return found


def by_queue(rows: Any) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.annotate(n=Count("pk")).order_by():
        found.setdefault(row["queue"], []).append(row)
    return found


def votes_of(project: Project, queues: list[Queue]) -> dict[str, tuple[int, int]]:
    """(agreed, voted) by the queue's key, over settled items that at least two reviewed."""
    agreed = Q(pk__in=[])
    for queue in queues:
        keys = [c.key for c in criteria_of(queue.rubric_version) if c.is_required and c.kind in VOTED]
        alike = [Q(GreaterThanOrEqual(Cast(AnswerPart(key, "share"), FloatField()), Value(1.0))) for key in keys]
        if alike:
            agreed |= reduce(and_, alike, Q(origin=queue.key, rubric_version=queue.rubric_version_id))
    rows = project.verdicts.current().filter(
        origin__in=[queue.key for queue in queues],
        rubric_version__in=[queue.rubric_version_id for queue in queues],
        n_reviews__gte=2,
    )
    counted = rows.values("origin").annotate(n=Count("pk"), agreed=Count("pk", filter=agreed)).order_by()
    return {row["origin"]: (row["agreed"], row["n"]) for row in counted}


def pairs_ready(project: Project, criteria: Iterable[Criterion]) -> tuple[int, int]:
    """(ready, waiting): comparisons settled with a preferred response by two thirds, and items still on their way."""
    ready = Q(pk__in=[])
    for key in sorted({criterion.key for criterion in criteria if criterion.kind == Criterion.Kind.COMPARISON}):
        share = Cast(AnswerPart(key, "share"), FloatField())
        ready |= Q(Exact(AnswerPart(key, "outcome"), Value("preferred"))) & Q(GreaterThanOrEqual(share, Value(SHARE)))
    waiting = Item.objects.filter(
        project=project,
        queue__rubric_version__subject_size__gte=2,
        state__in=[Item.State.OPEN, Item.State.COMPLETE, Item.State.UNRESOLVED],
    )
    settled = project.verdicts.current().filter(ready, subject__size__gte=2)
    return settled.count(), waiting[: COUNTED + 1].count()


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
        if any(field.name == "project" for field in model._meta.get_fields())
    ]
    return len(parts[0].union(*parts[1:], all=True)[: COUNTED + 1]) if parts else 0
