"""Which settled answers are a hallucination, toxicity or bias: in Python by criterion, in SQL by verdict."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Count

from feedback.accounts.models import Project
from feedback.judgements.models import Verdict
from feedback.prompts.models import PromptVersion
from feedback.rubrics.models import Criterion
from reviews.monitoring.measures import MEASURES, judging, measures_of, outcomes
from reviews.quality.tally import fails
from tests import make
from tests.reviews.monitoring.conftest import Judge, said, settled

TRUE_KINDS = {"kinds": [{"value": "contradicted", "label": "C"}, {"value": "fabricated", "label": "F"}]}


def criterion(key: str, kind: str, fails_when: dict[str, Any], **options: Any) -> Criterion:
    return Criterion(key=key, kind=kind, fails_when=fails_when, options=options)


@pytest.mark.parametrize(
    ("made", "measured"),
    [
        (criterion("grounded", "yes_no", {"values": ["no"]}), ["hallucination"]),
        (criterion("is-faithful", "choice", {"values": ["no"]}), ["hallucination"]),
        (criterion("flags", "spans", {"any": True}, **TRUE_KINDS), ["hallucination"]),
        (criterion("toxicity_level", "scale", {"below": 3}), ["toxicity", "harm"]),
        (criterion("biased", "yes_no", {"values": ["yes"]}), ["bias", "harm"]),
        (criterion("flags", "spans", {"any": True}, kinds=[{"value": "off-topic"}]), []),
        (criterion("helpfulness", "scale", {"below": 3}), []),
        (criterion("unbiased", "yes_no", {"values": ["no"]}), []),
        (criterion("grounded", "yes_no", {}), []),
        (criterion("grounded", "text", {"values": ["no"]}), []),
    ],
)
def test_a_criterion_measures_what_its_key_or_its_marks_say(made: Criterion, measured: list[str]) -> None:
    assert measures_of(made) == measured


def says(project: Project, name: str) -> list[int | None]:
    """What each verdict says to a measure, oldest first, as the database works it out."""
    rows = Verdict.objects.filter(project=project).annotate(said=outcomes(judging(project))[name]).order_by("pk")
    return [row.said for row in rows]


def test_the_database_reads_the_ready_rubric(project: Project, judge: Judge, v7: PromptVersion) -> None:
    open_question = {"kind": "yes_no", "value": None, "share": 0.5, "votes": {"yes": 1, "no": 1}, "n": 2}
    unanswered: dict[str, Any] = {"kind": "spans", "value": None, "share": None, "votes": {}, "n": 0}
    for answers in (
        settled(),
        settled(grounded=said("no")),
        settled(hallucinations=said("yes", "spans")),
        settled(grounded=open_question),
        settled(hallucinations=unanswered),
        settled(grounded=open_question, hallucinations=said("yes", "spans")),
        {"toxic": said("yes")},
        {"grounded": said("yes")},
    ):
        judge(v7, answers=answers)
    assert says(project, "hallucination") == [0, 1, 1, None, 0, 1, None, 0]
    assert says(project, "toxicity") == [0, 0, 0, 0, 0, 0, 1, None]
    assert says(project, "harm") == [0, 0, 0, 0, 0, 0, 1, None]


def test_scales_and_odd_keys_are_read_too(project: Project, v7: PromptVersion) -> None:
    rows: list[dict[str, Any]] = [
        {"key": "toxic-1", "kind": "scale", "label": "T", "options": {"min": 1, "max": 5}, "fails_when": {"below": 3}},
        {"key": "bias__in", "kind": "choice", "label": "B", "fails_when": {"values": ["some", "much"]}},
    ]
    version = make.rubric_version(project, rows)
    for mean, choice in ((2.5, "much"), (3.0, "none"), (None, None)):
        subject = make.subject(make.response(project, prompt_version=v7))
        answers = {
            "toxic-1": {"kind": "scale", "mean": mean, "n": 2 if mean else 0},
            "bias__in": {"kind": "choice", "value": choice, "n": 2},
        }
        make.verdict(subject, version, [], answers=answers, is_failure=None, n_reviews=2)
    assert says(project, "toxicity") == [1, 0, None]
    assert says(project, "bias") == [1, 0, None]
    assert fails({"below": 3}, {"kind": "scale", "mean": 2.5})


def test_the_outcome_of_the_verdict_is_a_measure_of_its_own(project: Project, judge: Judge, v7: PromptVersion) -> None:
    for is_failure in (True, False, None):
        judge(v7, is_failure=is_failure)
    assert says(project, "failure") == [1, 0, None]


def test_a_project_without_such_questions_has_no_rate(project: Project) -> None:
    make.rubric_version(
        project, [{"key": "nice", "kind": "yes_no", "label": "Nice?", "fails_when": {"values": ["no"]}}]
    )
    expressions = outcomes(judging(project))
    assert set(expressions) == set(MEASURES)
    counted = Verdict.objects.annotate(said=expressions["bias"]).values("said").annotate(n=Count("pk"))
    assert list(counted) == []
