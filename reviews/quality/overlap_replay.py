"""What other targets of adaptive overlap would have come to, on the newest items of a queue."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from feedback.judgements.record import criteria_of
from feedback.rubrics.models import Criterion
from feedback.statistics.consensus import Label, Replay, replay
from reviews.quality.estimate import Row, labels
from reviews.quality.models import LabelModel
from reviews.quality.overlap import WEIGHED, accuracy_of, classes_of
from reviews.queues.models import Queue

TARGETS = (0.8, 0.9, 0.95, 0.99)
REPLAYED, FEWEST = 1_000, 30  # items, the newest; and how many there must be


@dataclass(frozen=True)
class Question:
    """One that can be weighed; `replays` has one for each target, None with fewer than FEWEST items."""

    criterion: Criterion
    model: LabelModel | None
    n_items: int  # with the answers of two people or more
    replays: list[Replay] | None


def questions(queue: Queue) -> list[Question]:
    models = {model.criterion: model for model in queue.label_models.all()}
    weighed = [criterion for criterion in criteria_of(queue.rubric_version) if criterion.kind in WEIGHED]
    return [question(queue, criterion, models.get(criterion.key)) for criterion in weighed]


def question(queue: Queue, criterion: Criterion, model: LabelModel | None) -> Question:
    items: dict[int, list[Row]] = defaultdict(list)
    for row in labels(queue, criterion, newest=REPLAYED * (queue.k + 2)):
        items[row[0]].append(row)
    known = [rows for rows in items.values() if len(rows) > 1]
    replays = replayed(queue, criterion, model, known) if len(known) >= FEWEST else None
    return Question(criterion, model, len(known), replays)


def replayed(queue: Queue, criterion: Criterion, model: LabelModel | None, items: list[list[Row]]) -> list[Replay]:
    classes = classes_of(criterion, queue.rubric_version.subject_size)
    shares = model.shares if model else dict.fromkeys(classes, 1.0)
    asked = [[Label(answer, accuracy_of(model, reviewer)) for _, reviewer, answer in rows] for rows in items]
    return [replay(asked, classes, shares, target, 1) for target in TARGETS]
