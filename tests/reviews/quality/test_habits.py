"""People of known habits review the demo world through claim and submit: each is told of by the right measure, and no
honest one is, over 20 seeds.
"""

from __future__ import annotations

import random
import uuid
from importlib import import_module
from typing import Any

import pytest

from feedback.accounts import demo as people
from feedback.accounts.models import Member, Project
from feedback.jobs import run
from feedback.judgements.record import criteria_of
from feedback.responses.demo import wrong_answer
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from reviews.quality import notices
from reviews.quality.models import Analysis, ReviewerNotice
from reviews.queues.claim import claim
from reviews.queues.demo import GROUNDED, PAIRS
from reviews.queues.models import Queue
from reviews.queues.submit import submit
from tests import make

Kind = Criterion.Kind
ROOMS = ("feedback.accounts", "feedback.responses", "feedback.rubrics", "reviews.queues", "reviews.sampling")
SEEDS, HONEST = 20, 6
HALF = 80  # of 160 single answers
RIGHT = {
    "careless": "verdicts",
    "always_left": "position",
    "always_five": "one_answer",
    "adversary": "verdicts",
    "drifting": "drift",
}
HABITS = [*["honest"] * HONEST, "expert", *RIGHT]


class Person:
    """Answers by a habit; what is true of a response is drawn once for everybody, from the seed."""

    def __init__(self, seed: int, number: int, member: Member) -> None:
        self.seed, self.habit, self.member = seed, HABITS[number], member
        self.draw = random.Random(f"{seed} {number}")
        self.care = 0.97 if self.habit == "expert" else self.draw.uniform(0.85, 0.92)
        self.n_done = 0

    def review(self, queue: Queue) -> bool:
        assignment = claim(queue, self.member)
        if assignment is None:
            return False
        shown = assignment.item.subject.shown(assignment.shown_order)
        answers = {row.key: self.answer(row, shown) for row in criteria_of(queue.rubric_version) if row.is_required}
        token = uuid.UUID(int=self.draw.getrandbits(128))
        submit(
            assignment.token, self.member, answers, submission_id=token, active_ms=self.draw.randrange(9_000, 70_000)
        )
        self.n_done += 1
        return True

    @property
    def is_random(self) -> bool:
        return self.habit == "careless" or (self.habit == "drifting" and self.n_done > HALF)

    def answer(self, criterion: Criterion, shown: list[Response]) -> Any:
        if criterion.kind == Kind.COMPARISON:
            return self.preferred(shown)
        worth = self.worth(shown[0])
        if criterion.kind == Kind.SCALE:
            return self.scored(worth)
        said = (worth > 3) if criterion.key == "grounded" else (worth == 1)
        is_right = self.draw.random() < (0.5 if self.is_random else self.care)
        return "yes" if said == (is_right and self.habit != "adversary") else "no"

    def worth(self, response: Response) -> int:
        """From 1 to 5: what is wrong is worth less, and no two seeds are alike."""
        draw = random.Random(f"{self.seed} {response.pk}")
        return draw.choice([1, 1, 2]) if wrong_answer(response.body.output) else draw.choice([3, 4, 4, 5])

    def scored(self, worth: int) -> int:
        if self.habit == "always_five":
            return 5
        if self.is_random:
            return self.draw.randint(1, 5)
        if self.habit == "adversary":
            return 6 - worth
        near = max(1, min(5, worth + self.draw.choice([-1, 1])))
        return worth if self.draw.random() < self.care else near

    def preferred(self, shown: list[Response]) -> dict[str, Any]:
        worths = [(self.worth(one), one.pk) for one in shown]
        better = worths.index(max(worths))
        is_right = (self.draw.random() < self.care) != (self.habit == "adversary")
        chosen = better if is_right else 1 - better
        if self.habit == "always_left":
            chosen = 0
        elif self.is_random:
            chosen = self.draw.randrange(2)
        return {"outcome": "preferred", "preferred": shown[chosen].pk, "strength": 1}


@pytest.fixture
def demo(db: None) -> Project:
    """Before anybody has reviewed, with a place in each item for everybody."""
    project = people.project()
    for room in ROOMS:
        if room == "reviews.sampling":
            project.queues.update(k=len(HABITS), grace_seconds=0)
        import_module(f"{room}.demo").fill(project)
    return project


def told(project: Project, seed: int) -> dict[str, list[set[str]]]:
    """By habit: the measures of which moderators were told, of each person."""
    crowd = [Person(seed, number, make.member(project, name=f"Person {number}")) for number in range(len(HABITS))]
    for key in (GROUNDED, PAIRS):
        queue = project.queues.get(key=key)
        for person in crowd:
            while person.review(queue):
                pass
    notices.measure_due()
    run(Analysis, Analysis.objects.get(kind="reliability").pk)
    found: dict[str, list[set[str]]] = {}
    for person in crowd:
        measures = ReviewerNotice.objects.filter(reviewer=person.member).values_list("measure", flat=True)
        found.setdefault(person.habit, []).append(set(measures))
    return found


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_habit_is_told_of_by_its_measure_and_no_honest_person_is(demo: Project, seed: int) -> None:
    found = told(demo, seed)
    print(f"seed {seed}: {found}")
    for habit, measure in RIGHT.items():
        assert measure in found[habit][0], habit
    assert not any([*found["honest"], *found["expert"]])
