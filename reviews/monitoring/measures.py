"""Which settled answers mean a hallucination, toxicity or bias. The rule is written in README.md."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, FloatField, Func, IntegerField, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThan, In, IsNull, LessThan

from feedback.accounts.models import Project
from feedback.rubrics.models import Criterion

Kind = Criterion.Kind
HALLUCINATION_KINDS = {"contradicted", "unsupported", "fabricated"}
VOTED = (Kind.YES_NO, Kind.CHOICE, Kind.SCALE, Kind.SPANS)


@dataclass(frozen=True)
class Measure:
    title: str
    words: frozenset[str]  # that a criterion's key holds; of none: the verdict's own outcome


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRUTH = words("grounded groundedness grounding faithful faithfulness hallucination hallucinations hallucinated")
TOXIC, BIASED = words("toxic toxicity"), words("bias biases biased")

MEASURES = {
    "hallucination": Measure("Hallucination", TRUTH),
    "toxicity": Measure("Toxicity", TOXIC),
    "bias": Measure("Bias", BIASED),
    "harm": Measure("Toxic or biased", TOXIC | BIASED),
    "failure": Measure("Failed", frozenset()),
}


class AnswerPart(Func):
    """One part of one settled answer of a verdict as text, NULL where it is missing or null; on both databases."""

    function = "jsonb_extract_path_text"
    output_field = TextField()

    def __init__(self, key: str, part: str, answers: str = "answers") -> None:
        super().__init__(F(answers), Value(key), Value(part))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        answers, key, part = self.get_source_expressions()
        path = Value(f'$."{key.value}"."{part.value}"')  # keys hold no quotes
        inner = Func(answers, path, function="JSON_EXTRACT", output_field=TextField())
        return compiler.compile(inner)


def measures_of(criterion: Criterion) -> list[str]:
    """What it measures: by the words of its key, or for marks by their kinds. Only where it says when it fails."""
    if not criterion.fails_when or criterion.kind not in VOTED:
        return []
    of_key = frozenset(re.split(r"[-_]", criterion.key))
    found = [name for name, measure in MEASURES.items() if measure.words & of_key]
    kinds = {entry["value"] for entry in criterion.options.get("kinds", [])} if criterion.kind == Kind.SPANS else set()
    if kinds and kinds <= HALLUCINATION_KINDS and "hallucination" not in found:
        found.append("hallucination")
    return found


def fails(criterion: Criterion) -> Q:
    """The settled answer meets the criterion's `fails_when`, as `reviews.quality.tally.fails` has it."""
    rule = criterion.fails_when
    if criterion.kind == Kind.SCALE:
        return Q(LessThan(Cast(AnswerPart(criterion.key, "mean"), FloatField()), Value(float(rule["below"]))))
    bad = ["yes"] if criterion.kind == Kind.SPANS else [str(value) for value in rule.get("values", [])]
    return Q(In(AnswerPart(criterion.key, "value"), bad))


def decided(criterion: Criterion) -> Q:
    part = "mean" if criterion.kind == Kind.SCALE else "value"
    return Q(IsNull(AnswerPart(criterion.key, part), False))


def left_open(criterion: Criterion) -> Q:
    """Answered by somebody, and settled by nobody."""
    answered = GreaterThan(Coalesce(Cast(AnswerPart(criterion.key, "n"), IntegerField()), Value(0)), Value(0))
    return Q(answered) & ~decided(criterion)


def outcome(name: str, sets: list[tuple[list[Criterion], list[int]]]) -> Combinable:
    """1 when a verdict says yes to the measure, 0 when no, NULL when it does not say.

    Yes when one of its criteria says so; no when one was decided and none was left open; `sets` are the criteria of
    the measure with the rubric versions that have exactly these.
    """
    if name == "failure":
        plain = [When(Q(is_failure=True), then=1), When(Q(is_failure=False), then=0)]
        return Case(*plain, default=None, output_field=IntegerField())
    steps = []
    for criteria, version_ids in sets:
        bad, known, unsettled = Q(), Q(), Q()
        for criterion in criteria:
            bad, known, unsettled = bad | fails(criterion), known | decided(criterion), unsettled | left_open(criterion)
        here = Q(rubric_version__in=version_ids)
        steps += [When(here & bad, then=1), When(here & known & ~unsettled, then=0)]
    if not steps:
        return Cast(Value(None), IntegerField())
    return Case(*steps, default=None, output_field=IntegerField())


def judging(project: Project) -> list[Criterion]:
    """The criteria that a rate or a pair can come from. One query: rubrics are few beside verdicts."""
    rows = Criterion.objects.filter(project=project, kind__in=[*VOTED, Kind.COMPARISON])
    return list(rows.order_by("rubric_version", "position"))


def outcomes(criteria: Iterable[Criterion]) -> dict[str, Combinable]:
    """For each measure the expression over verdicts."""
    of_version: dict[tuple[str, int], list[Criterion]] = defaultdict(list)
    for criterion in criteria:
        for name in measures_of(criterion):
            of_version[name, criterion.rubric_version_id].append(criterion)
    alike: dict[str, dict[str, tuple[list[Criterion], list[int]]]] = {name: {} for name in MEASURES}
    for (name, version_id), judged_by in of_version.items():
        signature = repr([(criterion.key, criterion.kind, criterion.fails_when) for criterion in judged_by])
        alike[name].setdefault(signature, (judged_by, []))[1].append(version_id)
    return {name: outcome(name, list(alike[name].values())) for name in MEASURES}
