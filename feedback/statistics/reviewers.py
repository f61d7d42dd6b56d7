"""What the answers of several raters say of each of them: every measure as one figure with its interval.

A figure never says that somebody is bad: it says what differs, how surely, and from how much (STATISTICS §2). For
workers: uses numpy and scipy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np
from scipy.stats import t as student

from feedback.statistics import screens
from feedback.statistics.aggregation import FEW, Floats, Ints, Votes, dawid_skene
from feedback.statistics.gold import HONEST, is_too_low, lower_tail
from feedback.statistics.intervals import newcombe, wilson
from feedback.statistics.screens import MIN_ITEMS, STANDARD_ERRORS, Measure, Reading

SURE = 4.0  # standard errors: figures are looked at every day, and at three a day would come for everybody
STEPS = 30
LENIENT = 0.5  # of the scores' standard deviation: a smaller lean is taste
FASTER = 0.5  # of one's own earlier time
FARTHEST = 99.0  # of a z: a difference without any spread has none
CLASSES = 12  # of a confusion matrix at most


@dataclass(frozen=True)
class Figure:
    """One measure of one rater. `expected`: what it is held against, if anything. `notable`: whether somebody should
    look (None: too few to tell). `z`: standard errors between, where the measure is of that sort.
    """

    measure: Measure
    value: float | None
    low: float | None
    high: float | None
    n: int
    expected: float | None = None
    notable: bool | None = None
    z: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether it stands out so far that looking every day does not explain it."""
        return bool(self.notable) and (self.z is None or abs(self.z) >= SURE)


@dataclass
class Confusion:
    """How a rater answers by what the answer probably was; a row for each true class, which sums to 1."""

    rows: list[list[float]]
    n: int


@dataclass
class Sheet:
    """One question's answers, as columns: item, rater and label counted from 0; when (orders them in time).

    `score`: the number given, of a scale. `decided`: of each item the class that a moderator settled, or −1.
    """

    votes: Votes
    at: Floats | None = None
    score: Floats | None = None
    decided: Ints | None = None


@dataclass
class Choices:
    """Comparisons with a winner: whose, whether the first shown won, whether the longer one did (NaN: not known)."""

    rater: Ints
    first: Floats
    longer: Floats


@dataclass
class Told:
    """Of each rater: figures, and how they answer where enough is known."""

    figures: list[Figure] = field(default_factory=list)
    confusion: Confusion | None = None


def share(reading: Reading) -> Figure:
    """A reading as a figure: a share with Wilson's interval."""
    low, high = reading.interval
    z = None if reading.z is None else clipped(reading.z)
    known = reading.n > 0
    return Figure(
        reading.measure, reading.rate, low if known else None, high if known else None, reading.n, reading.expected,
        reading.notable, z,
    )  # fmt: skip


def clipped(z: float) -> float:
    return max(-FARTHEST, min(FARTHEST, z))


def told_of(sheet: Sheet) -> list[Told]:
    """Every measure of one question that its answers allow, by rater."""
    votes = sheet.votes
    agreed = screens.agreement(votes)
    decided = np.full(votes.n_items, -1) if sheet.decided is None else sheet.decided
    found = [Told([share(one)]) for one in agreed]
    columns: list[list[Figure]] = [
        [share(one) for one in screens.verdicts(votes, decided)],
        [share(one) for one in screens.one_answer(votes)],
    ]
    if sheet.at is not None:
        columns.append([change(one) for one in screens.drift(votes, sheet.at, decided)])
    if sheet.score is not None:
        columns.append(leanings(votes.item, votes.rater, sheet.score, votes.n_raters))
    for column in columns:
        for told, figure in zip(found, column, strict=True):
            told.figures.append(figure)
    if 2 <= votes.n_classes <= CLASSES:
        for told, (figure, confusion) in zip(found, answering(votes), strict=True):
            told.figures.append(figure)
            told.confusion = confusion
    return found


def change(reading: Reading) -> Figure:
    """Drift as a difference: the share of settled answers in the later half minus that in the earlier one."""
    if reading.expected is None:
        return Figure("drift", None, None, None, 2 * reading.n)
    late, early = reading.k / reading.n, reading.expected
    n = reading.n
    low, high = newcombe(late, reading.interval, early, wilson(min(early * n, n), n))
    return Figure("drift", late - early, low, high, 2 * n, 0.0, reading.notable, clipped(reading.z or 0.0))


def answering(votes: Votes) -> list[tuple[Figure, Confusion | None]]:
    """Dawid and Skene: how often each rater is right, and their matrix, from items with two labels at least.

    With fewer than FEW labels there, or without a third rater, too few to tell. The interval is Wilson's, as if each
    label's being right were known.
    """
    shared = votes.per_item()[votes.item] >= 2
    kept = replace(votes, item=votes.item[shared], rater=votes.rater[shared], label=votes.label[shared])
    counts = kept.per_rater()
    if not len(kept.item) or (counts > 0).sum() < 3:
        return [(Figure("accuracy", None, None, None, int(n)), None) for n in counts]
    estimate = dawid_skene(kept)
    found: list[tuple[Figure, Confusion | None]] = []
    for matrix, right, n in zip(estimate.confusion, estimate.accuracy(), counts.tolist(), strict=True):
        if n < FEW:
            found.append((Figure("accuracy", None, None, None, n), None))
            continue
        low, high = wilson(float(right) * n, n)
        figure = Figure("accuracy", float(right), low, high, n, notable=False)
        found.append((figure, Confusion([[round(float(p), 4) for p in row] for row in matrix], n)))
    return found


def severities(item: Ints, rater: Ints, value: Floats, n_raters: int) -> tuple[Floats, Floats]:
    """How much higher each rater scores than the others on the same items, and what is left unexplained of each score.

    Two-way additive model, score = item + rater + rest, by backfitting; the middle rater's lean is 0, so that one who
    leans far makes nobody else seem to lean. Items with one score say nothing of anybody.
    """
    sizes = np.maximum(np.bincount(item), 1)
    counts = np.bincount(rater, minlength=n_raters)
    lean = np.zeros(n_raters)
    for _ in range(STEPS):
        level = np.bincount(item, weights=value - lean[rater]) / sizes
        lean = np.bincount(rater, weights=value - level[item], minlength=n_raters) / np.maximum(counts, 1)
        lean -= np.median(lean[counts > 0]) if counts.any() else 0
    return lean, value - level[item] - lean[rater]


def leanings(item: Ints, rater: Ints, value: Floats, n_raters: int) -> list[Figure]:
    """Severity bias in points: below 0 harsh, above lenient; with a t interval.

    Notable beyond three standard errors and half the standard deviation of all scores, from MIN_ITEMS shared items on.
    """
    shared = np.bincount(item)[item] >= 2
    item, rater, value = item[shared], rater[shared], value[shared]
    if not len(item):
        return [Figure("severity", None, None, None, 0, 0.0) for _ in range(n_raters)]
    lean, rest = severities(item, rater, value, n_raters)
    per_item = np.bincount(item)[item]
    spread = float(value.std())
    found = []
    for number in range(n_raters):
        mine = rater == number
        n = int(mine.sum())
        if n < MIN_ITEMS:
            found.append(Figure("severity", None, None, None, n, 0.0))
            continue
        # What is left after fitting the item too is smaller than it was by 1 − 1/m, for m scores of an item.
        noise = (rest[mine] ** 2 / (1 - 1 / per_item[mine])).sum() / (n - 1)
        found.append(of_mean("severity", float(lean[number]), math.sqrt(noise / n), n, LENIENT * spread))
    return found


def of_mean(measure: Measure, mean: float, error: float, n: int, least: float) -> Figure:
    """A mean difference with its t interval; notable beyond three standard errors and at least so large."""
    reach = float(student.ppf(0.975, n - 1)) * error
    z = clipped(mean / error if error else math.copysign(FARTHEST, mean) if mean else 0.0)
    is_notable = abs(z) > STANDARD_ERRORS and abs(mean) >= least > 0
    return Figure(measure, mean, mean - reach, mean + reach, n, 0.0, is_notable, z)


def habits(choices: Choices, n_raters: int) -> list[list[Figure]]:
    """Position and length bias, by rater."""
    seen, sized = ~np.isnan(choices.first), ~np.isnan(choices.longer)
    wins = screens.summed(choices.rater[seen], choices.first[seen], n_raters)
    sides = [screens.position(int(k), int(n)) for k, n in zip(*wins, strict=True)]
    long = screens.length(choices.rater[sized], choices.longer[sized] > 0, n_raters)
    return [[share(one), share(other)] for one, other in zip(sides, long, strict=True)]


def gold(right: int, n: int) -> Figure:
    """Accuracy on items with a known answer; notable when an honest rater would hardly have so few right."""
    reading = Reading("gold", right, n, None, is_too_low(right, n) if n else None)
    tail = lower_tail(right, n, HONEST) if n else 1.0
    z = NormalDist().inv_cdf(tail) if 1e-300 < tail < 1 else 0.0 if tail >= 1 else -FARTHEST
    return share(replace(reading, z=z if reading.notable is not None else None))


def again(same: int, n: int) -> Figure:
    """How often the same answer came when the question was asked again; never notable: it asks nobody to look."""
    return share(Reading("again", same, n, None, False if n >= screens.MIN_AGAIN else None))


def paces(item: Ints, rater: Ints, active_ms: Floats, at: Floats, agreed: list[Reading]) -> list[list[Figure]]:
    """Haste against others on the same items, and against one's own earlier pace, by rater.

    Neither is notable in somebody who agrees with the others: people get faster by practice.
    """
    found = []
    for number, hasty in enumerate(screens.pace(item, rater, active_ms, agreed)):
        mine = np.flatnonzero(rater == number)
        times = np.log(np.maximum(active_ms[mine[np.argsort(at[mine], kind="stable")]], 1.0))
        other = agreed[number]
        is_low = other.rate is not None and other.expected is not None and other.rate < other.expected
        found.append([share(hasty), own_pace(times, is_low)])
    return found


def own_pace(logs: Floats, agrees_less: bool) -> Figure:
    """The later half's time a review as a share of the earlier half's (geometric means), with Welch's interval.

    Notable when it surely is less than half, and agreement is below the others'.
    """
    early, late = np.array_split(logs, 2)
    n = len(logs)
    if len(late) < screens.MIN_PACED:
        return Figure("own_pace", None, None, None, n, 1.0)
    parts = [float(half.var(ddof=1)) / len(half) for half in (early, late)]
    error = math.sqrt(sum(parts))
    mean = float(late.mean() - early.mean())
    free = (
        sum(parts) ** 2 / sum(p**2 / (len(h) - 1) for p, h in zip(parts, (early, late), strict=True) if p)
        if error
        else 1
    )
    reach = float(student.ppf(0.975, free)) * error
    z = clipped((mean - math.log(FASTER)) / error) if error else None
    is_notable = math.exp(mean + reach) < FASTER and agrees_less
    return Figure("own_pace", math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), n, 1.0, is_notable, z)


def pooled(readings: list[list[Figure]], n_raters: int) -> list[Reading]:
    """Agreement over several questions together: what pace is held against. Each inner list is by rater."""
    found = []
    for number in range(n_raters):
        known = [one[number] for one in readings if one[number].value is not None and one[number].expected is not None]
        n = sum(one.n for one in known)
        k = sum((one.value or 0.0) * one.n for one in known)
        expected = sum((one.expected or 0.0) * one.n for one in known) / n if n else None
        found.append(Reading("agreement", k, n, expected, None))
    return found
