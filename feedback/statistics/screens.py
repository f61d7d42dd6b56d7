"""Which raters should be looked at, and by which measure: never a judgement of a person, always with n beside.

Each screen is made so that an honest rater is hardly ever noticed (three standard errors, STATISTICS §2), and says
nothing about small numbers. For workers: uses numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from feedback.statistics.aggregation import Floats, Ints, Votes
from feedback.statistics.intervals import Interval, wilson

Measure = Literal[
    "gold", "agreement", "verdicts", "accuracy", "severity", "position", "length", "one_answer", "drift", "pace",
    "own_pace", "repeats", "again",
]  # fmt: skip

STANDARD_ERRORS = 3.0
MIN_ITEMS = 15  # with others' answers
MIN_DECIDED = 20  # comparisons with a winner
SAME, SAME_OF_PEERS = 0.9, 0.6  # one answer nearly always, where others gave it much less
MIN_AGAIN = 10  # answers given twice
HASTE, MIN_PACED = 1 / 3, 20
OFTEN = 0.5  # of somebody's texts are word for word what they wrote before


@dataclass(frozen=True)
class Reading:
    """One measure of one rater: `k` of `n`, what it is compared with (None: with nothing), and whether it should be
    looked at (None: n is too small to tell). `z`: how many standard errors lie between, where that is the measure.
    """

    measure: Measure
    k: float
    n: int
    expected: float | None
    notable: bool | None
    z: float | None = None

    @property
    def rate(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        """Wilson's interval of the rate."""
        return wilson(min(self.k, self.n), self.n)


def agreements(votes: Votes) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Of each label: whether others judged the item, and which share of them said the same."""
    classes = votes.n_classes
    table = np.bincount(votes.item * classes + votes.label, minlength=votes.n_items * classes)
    same = table[votes.item * classes + votes.label] - 1
    others = votes.per_item()[votes.item] - 1
    return others > 0, same / np.maximum(others, 1)


def agreement(votes: Votes) -> list[Reading]:
    """Of each rater: agreement with the others on the same items, against that of all other raters (leave one out).

    Notable below the pool by more than three binomial standard errors, √(p(1−p)/n), from MIN_ITEMS items on.
    """
    told, shares = agreements(votes)
    return against_pool("agreement", *summed(votes.rater[told], shares[told], votes.n_raters), MIN_ITEMS, is_low)


def verdicts(votes: Votes, decided: Ints) -> list[Reading]:
    """Of each rater: how often they gave the settled answer, against how often all other raters did.

    `decided`: of each item the class that a moderator settled, or −1 where the votes did. There the rater's own vote is
    left out: it is held against what most of the others said. Where t answers are ahead with as many votes each, one of
    them is right by 1/t, as if a coin were thrown. Left out altogether, such items would leave somebody who is one of
    three with those alone where both others contradict them. Notable as `agreement`.
    """
    told, _, right = settled_answers(votes, decided)
    return against_pool("verdicts", *summed(votes.rater[told], right[told], votes.n_raters), MIN_ITEMS, is_low)


def settled_answers(votes: Votes, decided: Ints) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Floats]:
    """Of each label: whether anybody else judged the item, whether one answer is settled without it, and how far it is
    what was settled: 1, 0, or 1/t.
    """
    classes = votes.n_classes
    table = np.bincount(votes.item * classes + votes.label, minlength=votes.n_items * classes)
    others = table.reshape(-1, classes)[votes.item]
    own = np.arange(len(votes.label)), votes.label
    others[own] -= 1
    most = others.max(axis=1, keepdims=True)
    ahead = (others == most) & (most > 0)
    right = ahead[own] / np.maximum(ahead.sum(axis=1), 1)
    settled = decided[votes.item]
    is_decided = settled >= 0
    right = np.where(is_decided, settled == votes.label, right).astype(np.float64)
    n_ahead = ahead.sum(axis=1)
    return is_decided | (n_ahead > 0), is_decided | (n_ahead == 1), right


def length(rater: Ints, longer: npt.NDArray[np.bool_], n_raters: int) -> list[Reading]:
    """Of each rater: how often the longer of two responses won, of comparisons with a winner and two lengths; against
    the same of all other raters, for the longer one may well be better. Notable beyond three standard errors.
    """
    return against_pool("length", *summed(rater, longer.astype(np.float64), n_raters), MIN_DECIDED, is_far)


def repeats(rater: Ints, again: npt.NDArray[np.bool_], n_raters: int) -> list[Reading]:
    """Of each rater: how many of their texts they had written before, word for word, about something else. Notable when
    it is half of them, and more than of the others by three standard errors.
    """
    found = against_pool("repeats", *summed(rater, again.astype(np.float64), n_raters), MIN_ITEMS, is_high)
    return [replace(one, notable=one.notable and one.k >= OFTEN * one.n) for one in found]


def summed(rater: Ints, value: Floats, n_raters: int) -> tuple[Floats, Ints]:
    sums = np.bincount(rater, weights=value, minlength=n_raters).astype(np.float64)
    return sums, np.bincount(rater, minlength=n_raters)


def is_low(z: float) -> bool:
    return z < -STANDARD_ERRORS


def is_high(z: float) -> bool:
    return z > STANDARD_ERRORS


def is_far(z: float) -> bool:
    return abs(z) > STANDARD_ERRORS


def against_pool(
    measure: Measure, sums: Floats, counts: Ints, fewest: int, is_notable: Callable[[float], bool]
) -> list[Reading]:
    """Each rater's share against that of all others together (p), in standard errors √(p̃(1−p̃)/n). p̃ counts one more
    of each kind: where nobody else ever differed, one difference is not infinitely far away.
    """
    found = []
    for k, n in zip(sums.tolist(), counts.tolist(), strict=True):
        rest, others = int(counts.sum() - n), float(sums.sum() - k)
        if n < fewest or not rest:
            found.append(Reading(measure, k, n, others / rest if rest else None, None))
            continue
        level = (others + 1) / (rest + 2)
        z = (k / n - others / rest) / math.sqrt(level * (1 - level) / n)
        found.append(Reading(measure, k, n, others / rest, is_notable(z), z))
    return found


def one_answer(votes: Votes) -> list[Reading]:
    """Of each rater: how often they gave the answer they give most, against how often others gave it on the same items.

    Notable from nine in ten on, where the others gave it six times in ten or less.
    """
    classes = votes.n_classes
    table = np.bincount(votes.item * classes + votes.label, minlength=votes.n_items * classes)
    table = table.reshape(votes.n_items, classes)
    found = []
    for rater in range(votes.n_raters):
        mine = votes.rater == rater
        labels, items = votes.label[mine], votes.item[mine]
        if not len(labels):
            found.append(Reading("one_answer", 0, 0, None, None))
            continue
        answer = int(np.bincount(labels, minlength=classes).argmax())
        k = int((labels == answer).sum())
        others = table[items].sum(axis=1) - 1
        peers = float((table[items, answer] - (labels == answer)).sum() / others.sum()) if others.sum() else None
        is_enough = int((others > 0).sum()) >= MIN_ITEMS and peers is not None
        notable = k / len(labels) >= SAME and peers is not None and peers <= SAME_OF_PEERS if is_enough else None
        found.append(Reading("one_answer", k, len(labels), peers, notable))
    return found


def position(first: int, n: int) -> Reading:
    """How often the response shown first won, of n comparisons with a winner: half of them when order says nothing.

    Notable when z = (2·first − n)/√n is beyond three; only where the order was drawn for each reviewer.
    """
    if n < MIN_DECIDED:
        return Reading("position", first, n, 0.5, None)
    z = (2 * first - n) / math.sqrt(n)
    return Reading("position", first, n, 0.5, is_far(z), z)


def drift(votes: Votes, at: Floats, decided: Ints) -> list[Reading]:
    """Of each rater: how often they gave the settled answer in the later half of their labels, against their own
    earlier half. `at` orders the labels in time; `decided` is as in `verdicts`, but items where the others are a tie
    are left out: they add noise to both halves alike, and nothing else.

    Notable when it fell by more than three standard errors of the difference, √(p̃₁(1−p̃₁)/n₁ + p̃₂(1−p̃₂)/n₂), with
    p̃ as in `against_pool`; the halves of somebody who did not change differ as the items do.
    """
    _, told, right = settled_answers(votes, decided)
    found = []
    for rater in range(votes.n_raters):
        mine = np.flatnonzero(told & (votes.rater == rater))
        early, late = np.array_split(right[mine[np.argsort(at[mine], kind="stable")]], 2)
        if min(len(early), len(late)) < MIN_ITEMS:
            found.append(Reading("drift", float(late.sum()), len(late), None, None))
            continue
        levels = [(float(half.sum()) + 1) / (len(half) + 2) for half in (early, late)]
        error = math.sqrt(sum(one * (1 - one) / len(half) for one, half in zip(levels, (early, late), strict=True)))
        z = float(late.mean() - early.mean()) / error
        found.append(Reading("drift", float(late.sum()), len(late), float(early.mean()), is_low(z), z))
    return found


def pace(item: Ints, rater: Ints, active_ms: Floats, agreed: list[Reading]) -> list[Reading]:
    """Of each rater: how many items they answered in less than a third of the others' median time for the item.

    Notable when that is most of at least 20 items and agreement is low too: honest experts differ fourfold in pace.
    """
    n_raters = int(rater.max()) + 1
    hasty, counted = np.zeros(n_raters, dtype=int), np.zeros(n_raters, dtype=int)
    order = np.argsort(item, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(item[order])) + 1):
        for row in rows:
            others = active_ms[rows[rows != row]]
            if len(others):
                counted[rater[row]] += 1
                hasty[rater[row]] += active_ms[row] < HASTE * np.median(others)
    found = []
    for k, n, other in zip(hasty, counted, agreed, strict=True):
        low = other.rate is not None and other.expected is not None and other.rate < other.expected
        found.append(Reading("pace", int(k), int(n), None, bool(k > n / 2 and low) if n >= MIN_PACED else None))
    return found
