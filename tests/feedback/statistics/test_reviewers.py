"""Each measure of a reviewer, and people of known habits: who is noticed, by what, and who is let be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from feedback.statistics import reviewers
from feedback.statistics.aggregation import votes_of
from feedback.statistics.reviewers import Choices, Figure, Sheet

SEEDS = 20
HONEST, PER_ITEM, ITEMS = 12, 5, 500
KINDS = ("expert", "careless", "always_left", "always_five", "adversary", "drifting")
SCALE = np.array([0.1, 0.2, 0.3, 0.25, 0.15])


@dataclass
class World:
    """Scores and comparisons by honest people, each with a lean and a care of their own, and by one of each kind."""

    seed: int
    figures: dict[int, list[Figure]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.draws = np.random.default_rng(self.seed)
        self.kinds = ["honest"] * HONEST + list(KINDS)
        self.care = self.draws.uniform(0.65, 0.85, len(self.kinds))
        self.care[self.kinds.index("expert")] = 0.95
        self.figures = {rater: [] for rater in range(len(self.kinds))}
        self.score()
        self.compare()
        self.give_gold()

    def judges(self) -> list[int]:
        return [int(rater) for rater in self.draws.choice(len(self.kinds), PER_ITEM, replace=False)]

    def keep(self, found: list[reviewers.Told]) -> None:
        for rater, told in enumerate(found):
            self.figures[rater] += told.figures

    def score(self) -> None:
        rows = []
        for item in range(ITEMS):
            true = int(self.draws.choice(5, p=SCALE))
            rows += [(item, rater, self.scored(rater, true, item / ITEMS)) for rater in self.judges()]
        votes = votes_of(rows, 5)
        self.keep(reviewers.told_of(Sheet(votes, votes.item.astype(float), (votes.label + 1).astype(np.float64))))

    def scored(self, rater: int, true: int, when: float) -> int:
        kind = self.kinds[rater]
        if kind == "always_five":
            return 4
        if kind == "careless" or (kind == "drifting" and when > 0.5):
            return int(self.draws.integers(5))
        if kind == "adversary":
            return 4 - true if true != 2 else int(self.draws.choice([0, 4]))
        near = int(np.clip(true + self.draws.choice([-1, 1]), 0, 4))
        return true if self.draws.random() < self.care[rater] else near

    def compare(self) -> None:
        rows, firsts, longers, raters = [], [], [], []
        for item in range(ITEMS):
            better, longer = int(self.draws.integers(2)), int(self.draws.integers(2))
            for rater in self.judges():
                left = int(self.draws.integers(2))
                won = self.chosen(rater, better, left, item / ITEMS)
                rows.append((item, rater, won))
                raters.append(rater)
                firsts.append(float(won == left))
                longers.append(float(won == longer))
        votes = votes_of(rows, 2)
        self.keep(reviewers.told_of(Sheet(votes, votes.item.astype(float))))
        choices = Choices(np.array(raters), np.array(firsts), np.array(longers))
        for rater, figures in enumerate(reviewers.habits(choices, len(self.kinds))):
            self.figures[rater] += figures

    def chosen(self, rater: int, better: int, left: int, when: float) -> int:
        kind = self.kinds[rater]
        if kind == "always_left":
            return left
        if kind == "careless" or (kind == "drifting" and when > 0.5):
            return int(self.draws.integers(2))
        is_right = self.draws.random() < self.care[rater] + 0.1
        return better if is_right != (kind == "adversary") else 1 - better

    def give_gold(self) -> None:
        """Fifteen each, which honest people get right nine times in ten or more."""
        chance = {"careless": 0.5, "always_five": 0.2, "adversary": 0.1, "always_left": 0.5, "drifting": 0.7}
        for rater, kind in enumerate(self.kinds):
            right = int(self.draws.binomial(15, chance.get(kind, 0.93)))
            self.figures[rater].append(reviewers.gold(right, 15))

    def noticed(self) -> dict[str, list[set[str]]]:
        """By kind of person: the measures that open a notice, of each."""
        found: dict[str, list[set[str]]] = {}
        for rater, kind in enumerate(self.kinds):
            found.setdefault(kind, []).append({one.measure for one in self.figures[rater] if one.is_sure})
        return found


@pytest.fixture(scope="module")
def worlds() -> list[dict[str, list[set[str]]]]:
    return [World(seed).noticed() for seed in range(SEEDS)]


# The measure that is made for each kind, and how many of 20 it must find.
RIGHT = [
    ("careless", "verdicts", 20),
    ("always_left", "position", 20),
    ("always_five", "one_answer", 20),
    ("always_five", "severity", 20),
    ("adversary", "verdicts", 20),
    ("drifting", "drift", 19),
]


@pytest.mark.parametrize(("kind", "measure", "least"), RIGHT)
def test_each_is_noticed_by_the_right_measure(
    worlds: list[dict[str, list[set[str]]]], kind: str, measure: str, least: int
) -> None:
    assert sum(measure in found[kind][0] for found in worlds) >= least


def test_everybody_dishonest_is_noticed_by_something_and_nobody_honest_is(
    worlds: list[dict[str, list[set[str]]]],
) -> None:
    tally = {kind: Counter(name for found in worlds for each in found[kind] for name in each) for kind in KINDS}
    for kind, counts in tally.items():
        print(f"{kind}: noticed in {sum(bool(found[kind][0]) for found in worlds)} of {SEEDS}, by {dict(counts)}")
    for kind in KINDS[1:]:
        assert all(found[kind][0] for found in worlds), kind
    honest = [each for found in worlds for kind in ("honest", "expert") for each in found[kind]]
    print(f"honest: {sum(map(bool, honest))} of {len(honest)} noticed")
    assert not any(honest)
