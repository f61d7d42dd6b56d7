"""Answers with their ratings in the manner of HelpSteer: `prompt`, `response`, and one integer for each criterion.

An integer is the mean of the reviewers' points, halves upwards, on the rubric's own scale; `votes` has all of them,
for whoever trains on disagreement. All rows come from the rubric version that rated most: the same number must mean the
same everywhere. A row with a rating missing is left out, because a trainer would read it as a zero.
"""

from __future__ import annotations

from math import floor
from typing import Any

from feedback.datasets.models import DatasetVersion, VersionRow
from feedback.datasets.shapes import cases
from feedback.datasets.shapes.cases import Case
from feedback.datasets.shapes.columns import INT, JSON, NAMED_MESSAGE, TEXT, Columns
from feedback.jobs import JobRefused
from feedback.rubrics.models import Criterion

SCHEMA = "touchstone.attributes/1"
OURS = {"prompt", "response", "votes", "response_id", "split", "annotators", "metadata"}
read = cases.read


def facts(version: DatasetVersion) -> dict[str, Any]:
    if "rated" not in version.cursor:
        raise JobRefused("This version was built before its ratings were counted; build the dataset again.")
    rubric = most_rated(version.cursor["rated"])
    return {**cases.facts(version), "rubric": rubric, "scales": scales_of(version, rubric)}


def scales_of(version: DatasetVersion, rubric: str) -> list[str]:
    """Keys of the rubric's scales, through the first case that was judged under it."""
    judged = version.rows.filter(kind=VersionRow.Kind.CASE, data__rubric=rubric).order_by("position")
    verdicts = list(judged.values_list("data__verdict", flat=True)[:1])
    asked = Criterion.objects.filter(rubric_version__verdicts__in=verdicts, kind=Criterion.Kind.SCALE)
    return sorted(asked.values_list("key", flat=True))


def record(case: Case, facts: dict[str, Any]) -> dict[str, Any] | str:
    if reason := cases.refused(case, facts):
        return reason
    scales = {key: answer for key, answer in sorted(case["answers"].items()) if answer["kind"] == "scale"}
    if case["rubric"] != facts["rubric"]:
        return "another_rubric" if scales else "not_rated"
    if not scales or any(answer.get("mean") is None for answer in scales.values()):
        return "not_rated"
    points = {column(key): floor(answer["mean"] + 0.5) for key, answer in scales.items()}
    return {
        "prompt": cases.prompt_of(case),
        "response": case["output"],
        **points,
        "votes": {key: votes(answer.get("distribution", {})) for key, answer in scales.items()},
        **cases.origin(case),
    }


def column(key: str) -> str:
    return f"rating_{key}" if key in OURS else key


def most_rated(rated: dict[str, int]) -> str:
    return max(sorted(rated), key=lambda rubric: rated[rubric], default="")


def votes(distribution: dict[str, int]) -> list[float]:
    """Every point that was given, lowest first."""
    return sorted(float(point) for point, n in distribution.items() for _ in range(n))


def columns(facts: dict[str, Any]) -> Columns:
    points = {column(key): INT for key in facts["scales"]}
    return {"prompt": [NAMED_MESSAGE], "response": TEXT, **points, "votes": JSON, **cases.columns()}
