"""What people said when they were asked again, held against what they had said before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from feedback.judgements.record import ANSWER_ROWS, answers_of, criteria_of
from feedback.rubrics.models import Criterion
from feedback.statistics.intervals import wilson
from reviews.quality.gold_match import UNCHECKED, compare, default_tolerance
from reviews.quality.repeat_models import RepeatTurn
from reviews.queues.models import Place, Queue

CHUNK = 500
FEWEST = 10  # answers given twice, below which no share is told
NEWEST = 2_000  # repeats that a page counts
BOTH = [
    f"{side}__review__{name}"
    for side in ("first", "place__assignment")
    for name in ANSWER_ROWS
    if name != "rubric_version"
]


def counted(rows: QuerySet[RepeatTurn]) -> Counter[tuple[int, str]]:
    """(Reviewer, criterion key) of every question answered twice, and (reviewer, key + "+") of every same answer."""
    found: Counter[tuple[int, str]] = Counter()
    both = rows.select_related("first__review__rubric_version", "place__assignment__review__rubric_version")
    for turn in both.prefetch_related(*BOTH).order_by("pk").iterator(chunk_size=CHUNK):
        for key, is_same in same(turn).items():
            found[turn.reviewer_id, key] += 1
            found[turn.reviewer_id, f"{key}+"] += is_same
    return found


def same(turn: RepeatTurn) -> Mapping[str, bool]:
    """By question that was answered both times: the same, as gold counts an answer right with its usual tolerance."""
    first, again = turn.first.review, turn.place.assignment.review  # type: ignore[union-attr]
    assert first is not None
    assert again is not None
    criteria = criteria_of(first.rubric_version)
    before: dict[str, Any] = answers_of(first)
    after: dict[str, Any] = answers_of(again)
    return compare(criteria, {key: before[key] for key in before if key in after}, after, default_tolerance(criteria))


def told(queue: Queue) -> dict[str, Any]:
    """How many are kept and answered, and of each question the share of same answers over all people together.

    `questions`: [{"criterion", "same", "n", "share", "low", "high"}], shares in [0, 1], None below FEWEST answers.
    """
    turns = RepeatTurn.objects.filter(queue=queue)
    newest = turns.answered().order_by("-pk").values("pk")[:NEWEST]
    n: Counter[str] = Counter()
    for (_, key), count in counted(RepeatTurn.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))).items():
        n[key] += count
    criteria = [row for row in criteria_of(queue.rubric_version) if row.kind not in UNCHECKED]
    return {
        "n_waiting": turns.filter(place__state=Place.State.OPEN).count(),
        "n_answered": turns.answered().count(),
        "n_people": turns.answered().values("reviewer").distinct().count(),
        "questions": [line(row, n[f"{row.key}+"], n[row.key]) for row in criteria],
    }


def line(criterion: Criterion, same: int, n: int) -> dict[str, Any]:
    found: dict[str, Any] = {"criterion": criterion, "same": same, "n": n}
    if n < FEWEST:
        return {**found, "share": None, "low": None, "high": None}
    low, high = wilson(same, n)
    return {**found, "share": same / n, "low": low, "high": high}
