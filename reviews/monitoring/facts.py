"""Verdicts as facts: what each current verdict says about every measure, kept so that a page need not read answers.

The sweep makes a fact of each current verdict once (addup.py). Pages take facts, and read from the verdicts themselves
the few that have none yet, whose verdict was superseded since, or whose response was filled since (`Settled`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, reduce
from operator import and_
from typing import Any

from django.db.models import BooleanField, Case, Exists, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual

from feedback.accounts.models import Project
from feedback.judgements.models import Verdict
from feedback.responses.models import ChangedDay
from feedback.rubrics.models import Criterion
from reviews.monitoring.days import day_of
from reviews.monitoring.measures import AnswerPart, judging, outcomes
from reviews.monitoring.models import VerdictFact
from reviews.quality.tally import VOTED
from reviews.sampling.suspects import rules_for_suspects

LATE = 10_000  # ids below the newest fact's that are looked through: a verdict has its id before it is seen
MANY = 5_000  # verdicts without a fact: then all are read, as before the first sweep
SHARE = 2 / 3 - 1e-9  # of the votes, for a pair that is ready
RESPONSE = "subject__parts__response__"
NEVER = Q(pk__in=[])


def unsure(project: Project) -> QuerySet[Any, Any]:
    """Ids of verdicts that no fact tells about, and of facts that are not right any more."""
    facts = VerdictFact.objects.filter(project=project)
    newest = Coalesce(Subquery(facts.order_by("-pk").values("pk")[:1]), 0)
    untold = Verdict.objects.current().filter(~known(), project=project, pk__gt=newest - LATE)
    filled = ChangedDay.objects.filter(project=project, is_filled=True).values("day")
    parts = [facts.filter(verdict__is_current=False), facts.filter(day__in=filled)]
    return untold.order_by().values_list("pk").union(*(part.order_by().values_list("pk") for part in parts))


def known() -> Exists:
    return Exists(VerdictFact.objects.filter(pk=OuterRef("pk")))


class Settled:
    """The current verdicts of a project: `facts` of most, and `verdicts` of those that must be read. One query."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.read = [pk for (pk,) in unsure(project)[: MANY + 1]]
        self.is_unknown = len(self.read) > MANY

    @property
    def facts(self) -> QuerySet[VerdictFact]:
        rows = VerdictFact.objects.filter(project=self.project)
        return rows.none() if self.is_unknown else rows.exclude(pk__in=self.read)

    @property
    def verdicts(self) -> QuerySet[Verdict]:
        rows = Verdict.objects.current().filter(project=self.project)
        return rows if self.is_unknown else rows.filter(pk__in=self.read)

    @cached_property
    def criteria(self) -> list[Criterion]:
        return judging(self.project)


def truth(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def says(criteria: list[Criterion]) -> dict[str, Any]:
    """For each measure, under the name of the fact's column, the expression over verdicts."""
    return {f"says_{name}": expression for name, expression in outcomes(criteria).items()}


def drawn(project: Project) -> Case:
    """Drawn with a known chance, and not because it was suspected."""
    return truth(Q(inclusion_probability__isnull=False) & ~Q(rule_label__in=rules_for_suspects(project.pk)))


def agreed(project: Project) -> Q:
    """All said the same to every question that must be answered and is voted on."""
    keys: dict[int, list[str]] = defaultdict(list)
    asked = Criterion.objects.filter(project=project, is_required=True, kind__in=VOTED).order_by("position")
    for version, key in asked.values_list("rubric_version", "key"):
        keys[version].append(key)
    versions: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for version, found in keys.items():
        versions[tuple(found)].append(version)
    either = NEVER
    for alike, ids in versions.items():
        whole = [Q(GreaterThanOrEqual(Cast(AnswerPart(key, "share"), FloatField()), Value(1.0))) for key in alike]
        either |= reduce(and_, whole, Q(rubric_version__in=ids))
    return either


def ready(criteria: list[Criterion]) -> Q:
    """Settled with a preferred response by two thirds of the votes."""
    either = NEVER
    for key in sorted({criterion.key for criterion in criteria if criterion.kind == Criterion.Kind.COMPARISON}):
        share = Cast(AnswerPart(key, "share"), FloatField())
        either |= Q(Exact(AnswerPart(key, "outcome"), Value("preferred"))) & Q(GreaterThanOrEqual(share, Value(SHARE)))
    return either


def made(project: Project, ids: list[int]) -> list[VerdictFact]:
    """Unsaved facts of these verdicts, as far as they are current."""
    criteria = judging(project)
    rows = Verdict.objects.current().filter(project=project, pk__in=ids)
    told = {
        **says(criteria),
        "drawn": drawn(project),
        "queue_key": F("origin"),
        "weight": 1.0 / F("inclusion_probability"),
        "agreed": Case(When(n_reviews__lt=2, then=None), default=truth(agreed(project)), output_field=BooleanField()),
    }
    of_one = {
        "day": day_of(f"{RESPONSE}responded_at"),
        "response_origin": F(f"{RESPONSE}origin"),
        "environment": F(f"{RESPONSE}environment"),
        "prompt_version_id": F(f"{RESPONSE}prompt_version"),
        "cost": Cast(F(f"{RESPONSE}cost"), FloatField()),
    }
    single = rows.filter(subject__size=1).annotate(**told, **of_one).values("pk", "rubric_version_id", *told, *of_one)
    sets = rows.filter(subject__size__gte=2).annotate(**told, is_ready=truth(ready(criteria)))
    found = []
    for is_single, part in ((True, single), (False, sets.values("pk", "rubric_version_id", "is_ready", *told))):
        for row in part:
            verdict, origin = row.pop("pk"), row.pop("response_origin", "")
            found.append(VerdictFact(project=project, verdict_id=verdict, is_single=is_single, origin=origin, **row))
    return found
