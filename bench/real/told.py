"""What the product says of an imported set, read from its rows: agreement, consensus, how often each person is right.

Needs Django set up. Items go by the external ids of their responses, people by their names in the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.real.sets import Set
from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.responses.models import SubjectResponse
from feedback.rubrics.models import Criterion, Rubric
from feedback.rubrics.publish import publish
from feedback.statistics.aggregation import Estimate, Votes, dawid_skene
from reviews.quality import agreement, reliability
from reviews.queues.models import Queue

PLAIN_STEPS = 200  # .ci/real_oracles.py


def nothing() -> None:
    """No lease to keep."""


def queue_for(project: Project, one: Set, grace_seconds: int = 0) -> Queue:
    version = publish(Rubric.objects.create(project=project, name=one.name), one.criteria)
    fields = {"name": one.name, "takes_imports": True, "grace_seconds": grace_seconds}
    return Queue.objects.create(project=project, key=one.name, rubric_version=version, **fields)


def agreements(project: Project) -> dict[str, dict[str, Any]]:
    """The rows of the agreement page, by question."""
    return {row["key"]: row for row in agreement.compute(project.pk, {}, nothing)["rows"]}


def consensus(project: Project, key: str) -> dict[str, str]:
    """Of each item with a current verdict that decides this question: what it says."""
    names: dict[int, list[str]] = {}
    rows = SubjectResponse.objects.filter(subject__project=project).order_by("subject", "position")
    for subject, name in rows.values_list("subject_id", "response__external_id"):
        names.setdefault(subject, []).append(name)
    ids = dict(project.responses.values_list("pk", "external_id"))
    found = {}
    for subject, answers in Verdict.objects.current().filter(project=project).values_list("subject_id", "answers"):
        answer, item = answers[key], names[subject]
        said = answer["value"] if "value" in answer else answer["outcome"]
        if said == "preferred":
            said = str(item.index(ids[answer["preferred"]]) + 1)
        if said is not None:
            found["|".join(sorted(item))] = said
    return found


def accuracies(project: Project, key: str) -> dict[str, float]:
    """The measure *accuracy* of the reliability page, of those of whom enough is known."""
    people = dict(Member.objects.filter(project=project).values_list("pseudonym", "source_name"))
    rows = reliability.compute(project.pk, {"criterion": key}, nothing)["rows"]
    return {
        people[row["reviewer"]]: figure["value"]
        for row in rows
        for figure in row["figures"]
        if figure["measure"] == "accuracy" and figure["value"] is not None
    }


def plain_model(project: Project, key: str) -> tuple[Estimate, list[str], list[str]]:
    """Dawid and Skene without pseudo-counts on the stored answers of items with two, after as many steps as the frozen
    values; and whose and which the answers are.
    """
    turns = agreement.turns_of(project.pk, {})
    found = [(q, ids) for q, ids in agreement.questions_of(project.pk, {t.version for t in turns.values()})]
    [(question, ids)] = [pair for pair in found if pair[0].key == key]
    by_criterion = dict.fromkeys(ids, question)
    agreement.read_answers(project.pk, turns, by_criterion, nothing)
    agreement.read_spans(project.pk, turns, by_criterion, nothing)
    people = {pk: number for number, pk in enumerate(sorted({turn.reviewer for turn in turns.values()}))}
    sheet, classes = reliability.Columns(question, people).sheet({})
    names = dict(Member.objects.filter(pk__in=people).values_list("pk", "source_name"))
    return (
        dawid_skene(shared(sheet.votes), prior=0.0, steps=PLAIN_STEPS, close=0.0),
        [names[pk] for pk in people],
        classes,
    )


def shared(votes: Votes) -> Votes:
    """Of items with two labels at least, which are counted anew from 0."""
    kept = votes.per_item()[votes.item] >= 2
    _, item = np.unique(votes.item[kept], return_inverse=True)
    n = int(item.max()) + 1
    return Votes(item, votes.rater[kept], votes.label[kept], n, votes.n_raters, votes.n_classes)


def early_right(early: Mapping[str, str], full: Mapping[str, str]) -> tuple[int, int]:
    """How many of the early verdicts name what all labels name, of those items where all labels name something."""
    both = [item for item in early if item in full]
    return sum(early[item] == full[item] for item in both), len(both)


def voted_key(one: Set) -> str:
    """The question that is settled by votes."""
    return str(next(row["key"] for row in one.criteria if row["kind"] != Criterion.Kind.SCALE))
