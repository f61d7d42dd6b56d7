"""Votes by group of reviewers: how answers are distributed among people who stated the same. For workers.

A group is told from LEAST people on who answered the question. Everybody else who answered, of smaller groups or
without a statement, is one group under the same rule, so that no small group is what is left of the whole.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import t as student

from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics.agreement import coarse, tabulate
from feedback.statistics.intervals import wilson
from reviews.quality.agreement import Heartbeat, Question, questions_of, read_answers, read_spans, row_of, turns_of
from reviews.quality.reliability import Columns
from reviews.quality.subgroup_models import ReviewerAttribute, StatedAttribute

LEAST = 5  # people of a group that is told
MOST_ANSWERS = 8  # of one question, those given most; the rest together
REST = "Others or not stated"


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Heartbeat) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    attribute = attribute_of(project_id, filters)
    told: dict[str, Any] = {"attribute": attribute.label if attribute else "", "least": LEAST, "rows": []}
    if attribute is None:
        return told
    groups = dict(StatedAttribute.objects.filter(attribute=attribute).values_list("member", "value"))
    turns = turns_of(project_id, filters)
    found = questions_of(project_id, {turn.version for turn in turns.values()})
    found = [(one, ids) for one, ids in found if one.kind not in RANKED]
    by_criterion = {pk: question for question, ids in found for pk in ids}
    read_answers(project_id, turns, by_criterion, heartbeat)
    read_spans(project_id, turns, by_criterion, heartbeat)
    people = {pk: number for number, pk in enumerate(sorted({turn.reviewer for turn in turns.values()}))}
    for question, _ in found:
        heartbeat()
        told["rows"] += rows_of(question, people, groups)
    return told


def attribute_of(project_id: int, filters: Mapping[str, Any]) -> ReviewerAttribute | None:
    rows = ReviewerAttribute.objects.filter(project=project_id).order_by("pk")
    return (rows.filter(key=filters["attribute"]) if filters.get("attribute") else rows).first()


def rows_of(question: Question, people: Mapping[int, int], groups: Mapping[int, str]) -> list[dict[str, Any]]:
    """One row for each group that may be told."""
    columns = Columns(question, people)
    if not len(columns.unit):
        return []
    label, names = columns.labelled()
    is_scale = question.kind == Criterion.Kind.SCALE
    shown = np.argsort(-np.bincount(label, minlength=len(names)), kind="stable")[:MOST_ANSWERS]
    kept = sorted(shown.tolist())
    rows = []
    for group, members in told_groups(columns.rater, people, groups):
        mine = np.isin(columns.rater, members)
        rater, answer = columns.rater[mine], label[mine]
        shares = [{"answer": names[one], **share(rater, answer == one)} for one in kept]
        if len(kept) < len(names):
            shares.append({"answer": "other answers", **share(rater, ~np.isin(answer, kept))})
        values = columns.values[mine]
        answers = tabulate(columns.unit[mine], rater, coarse(values) if is_scale else values, question.categories)
        row = row_of(question, group, answers)
        rows.append(
            {name: row[name] for name in ("key", "label", "kind", "group", "undefined", "alpha", "low", "high")}
            | {"n_people": len(members), "n_answers": int(mine.sum()), "shares": shares}
            | ({"mean": mean(rater, values)} if is_scale else {})
        )
    return rows


def told_groups(rater: Any, people: Mapping[int, int], groups: Mapping[int, str]) -> list[tuple[str, list[int]]]:
    """The groups of LEAST people and more among who answered, by name; everybody else last, under the same rule."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    answered = set(np.unique(rater).tolist())
    for pk, number in people.items():
        if number in answered:
            found[groups.get(pk, "")].append(number)
    named = [(name, members) for name, members in sorted(found.items()) if name and len(members) >= LEAST]
    told = {number for _, members in named for number in members}
    rest = sorted(answered - told)
    return [*named, (REST, rest)] if named and len(rest) >= LEAST else named


def share(rater: Any, given: Any) -> dict[str, float]:
    """The share of answers that were this one, with a 95 % interval over people.

    People are drawn, not answers: p = Σkᵢ/Σnᵢ over m people, its variance m/(m−1) · Σ(kᵢ − p·nᵢ)² / (Σnᵢ)² with t of
    m − 1 (Cochran 1977, §10.5). Where all people are alike that is 0, and Wilson's of m people takes its place.
    """
    p, reach, m = over_people(rater, given)
    if not reach:
        low, high = wilson(p * m, m)
        return {"value": p, "low": min(p, low), "high": max(p, high)}
    return {"value": p, "low": max(0.0, p - reach), "high": min(1.0, p + reach)}


def mean(rater: Any, values: Any) -> dict[str, float]:
    """The mean of a scale, with the same interval over people."""
    value, reach, _ = over_people(rater, values)
    return {"value": value, "low": value - reach, "high": value + reach}


def over_people(rater: Any, values: Any) -> tuple[float, float, int]:
    """Σkᵢ/Σnᵢ, how far its interval reaches, and of how many people. Fewer than two have no interval."""
    _, numbers = np.unique(rater, return_inverse=True)
    n = np.bincount(numbers).astype(np.float64)
    k = np.bincount(numbers, weights=np.asarray(values, dtype=np.float64))
    m, total = len(n), float(n.sum())
    ratio = float(k.sum()) / total
    spread = float(((k - ratio * n) ** 2).sum())
    if spread < 1e-12 or m < 2:
        return ratio, 0.0, m
    return ratio, float(student.ppf(0.975, m - 1)) * math.sqrt(m / (m - 1) * spread) / total, m
