"""What an item probably is, from its labels and how often each rater is right; and how many labels are enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.statistics.votes import majority

UNKNOWN = 0.75  # how often a rater is right of whom nothing is known
LEAST, MOST = 0.5, 0.99  # nobody is taken to be worse than a guess between two, or beyond error


@dataclass(frozen=True)
class Label:
    value: str
    accuracy: float = UNKNOWN


def posterior(labels: Sequence[Label], classes: Sequence[str], shares: Mapping[str, float]) -> dict[str, float]:
    """The chance of each class: p_k · Π a_r for raters who said k, (1 − a_r)/(K − 1) for those who did not (the
    one-coin model of Dawid and Skene 1979). `shares`: of the classes among all items; one that is missing is rare.
    """
    others = max(1, len(classes) - 1)
    floor = 0.01 / max(1, len(classes))
    scores = {name: math.log(max(shares.get(name, 0.0), floor)) for name in classes}
    for label in labels:
        right = min(MOST, max(LEAST if len(classes) == 2 else 1 / max(2, len(classes)), label.accuracy))
        for name in classes:
            scores[name] += math.log(right if label.value == name else (1 - right) / others)
    highest = max(scores.values())
    parts = {name: math.exp(score - highest) for name, score in scores.items()}
    total = math.fsum(parts.values())
    return {name: part / total for name, part in parts.items()}


def is_clear(chances: Mapping[str, float], target: float) -> bool:
    return max(chances.values()) >= target


@dataclass(frozen=True)
class Replay:
    """What stopping at `target` would have come to, on items whose labels are all known."""

    target: float
    items: int
    labels: int  # all there are
    used: int
    same: int  # items where the stopped majority names the winner of all labels
    decided: int  # items where all labels have one winner
    expected: float  # mean posterior of the answer where it stopped

    @property
    def saved(self) -> float:
        return 1 - self.used / self.labels if self.labels else 0.0


def replay(
    items: Sequence[Sequence[Label]], classes: Sequence[str], shares: Mapping[str, float], target: float, least: int
) -> Replay:
    """Each item's labels in their order, asked one by one from `least` on until the posterior reaches the target."""
    used = same = decided = 0
    expected = 0.0
    for labels in items:
        n = min(least, len(labels))
        while not is_clear(chances := posterior(labels[:n], classes, shares), target) and n < len(labels):
            n += 1
        used += n
        expected += max(chances.values())
        whole = majority(label.value for label in labels)
        decided += whole is not None
        same += whole is not None and max(chances, key=lambda name: chances[name]) == whole
    n_labels = sum(map(len, items))
    return Replay(target, len(items), n_labels, used, same, decided, expected / len(items) if items else 0.0)
