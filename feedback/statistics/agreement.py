"""How far reviewers agree: chance-corrected coefficients of answers to one question. Needs numpy: for workers.

Answers are counted once into patterns ("two yes, one no": so many items), from which every coefficient follows, and by
which items are resampled: what 100,000 answers cost is counting them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from feedback.statistics.intervals import Interval

Array = np.ndarray[Any, np.dtype[Any]]
Level = Literal["nominal", "ordinal", "interval"]
Weights = Literal["identity", "ordinal", "quadratic"]

DRAWS = 1_000
AT_ONCE = 4_000_000  # numbers in memory


class Coefficient(NamedTuple):
    value: float
    error: float


@dataclass(frozen=True)
class Answers:
    """So many items (`items`) with these counts of each value (`counts`, a column a value, in order)."""

    counts: Array
    items: Array
    values: Array
    n_raters: int
    n_repeated: int = 0  # second answers of one person on one item: left out, for one person is not two
    clusters: Array | None = None  # where items belong together: a row each, how many items of each kind of counts

    @property
    def pairable(self) -> "Answers":
        """Only items with two answers at least."""
        kept = self.counts.sum(axis=1) >= 2
        clusters = None if self.clusters is None else self.clusters[:, kept]
        if clusters is not None:
            clusters = clusters[clusters.any(axis=1)]
        return Answers(self.counts[kept], self.items[kept], self.values, self.n_raters, self.n_repeated, clusters)

    @property
    def n_items(self) -> int:
        return int(self.items.sum())

    @property
    def n_clusters(self) -> int:
        """What is drawn anew for an interval: clusters, else items."""
        return self.n_items if self.clusters is None else len(self.clusters)

    @property
    def n_answers(self) -> int:
        return int(self.items @ self.counts.sum(axis=1))

    @property
    def undefined(self) -> str:
        """Why no coefficient corrected for chance has a value here; empty when they have one."""
        both = self.pairable
        if not both.n_items:
            return "one_rater" if self.n_raters < 2 else "no_overlap"
        return "all_same" if np.count_nonzero(both.items @ both.counts) < 2 else ""


def tabulate(
    units: Any, raters: Any, values: Any, categories: Sequence[float] | None = None, clusters: Any = None
) -> Answers:
    """Count answers: one row each of item, person and value (a number; codes for words).

    `categories` are all values that could be given: what nobody chose counts for AC1. Of one person's answers on one
    item only the first counts. `clusters` names for each row what its item belongs to, where items are not apart, as
    the pairs of one ranking.
    """
    units, raters, values = np.asarray(units), np.asarray(raters), np.asarray(values, dtype=float)
    _, unit = np.unique(units, return_inverse=True)
    people, rater = np.unique(raters, return_inverse=True)
    once = np.sort(np.unique(unit.astype(np.int64) * max(1, len(people)) + rater, return_index=True)[1])
    known = np.unique(np.concatenate([values, np.asarray(categories or [], dtype=float)]))
    column = np.searchsorted(known, values[once])
    width = max(1, len(known))
    cells = np.bincount(unit[once] * width + column, minlength=(int(unit.max(initial=-1)) + 1) * width)
    patterns, pattern, items = np.unique(cells.reshape(-1, width), axis=0, return_inverse=True, return_counts=True)
    found = Answers(patterns.astype(float), items.astype(float), known, len(people), len(values) - len(once))
    if clusters is None:
        return found
    first = np.unique(unit, return_index=True)[1]
    names, cluster = np.unique(np.asarray(clusters)[first], return_inverse=True)
    flat = np.bincount(cluster * len(patterns) + pattern.reshape(-1), minlength=len(names) * len(patterns))
    return replace(found, clusters=flat.reshape(len(names), -1).astype(float))


def coarse(values: Any, most: int = 101) -> Array:
    """Numbers of many kinds in so many groups of equal size at most, each the mean of its own: what counting costs
    grows with the kinds. Up to `most` different ones stay as they are.
    """
    values = np.asarray(values, dtype=float)
    if len(np.unique(values)) <= most:
        return values
    edges = np.unique(np.quantile(values, np.linspace(0, 1, most + 1)[1:-1]))
    group = np.searchsorted(edges, values)
    return (np.bincount(group, weights=values) / np.maximum(1, np.bincount(group)))[group]


def percent(answers: Answers) -> float | None:
    """The chance that two people's answers on one item are the same, mean over items; None without overlap."""
    both = answers.pairable
    if not both.n_items:
        return None
    size = both.counts.sum(axis=1)
    same = (both.counts**2).sum(axis=1) - size
    return float(both.items @ (same / (size * (size - 1))) / both.items.sum())


def alpha(answers: Answers, level: Level = "nominal") -> float | None:
    """Krippendorff's α = 1 − D_o/D_e (Krippendorff 2019); None where it is undefined (`Answers.undefined`).

    With m_u answers on item u, D_o = Σ_u Σ_{i≠j} δ²/(m_u − 1) / n and D_e = Σ_{i≠j} δ² / (n(n − 1)) over all n pairable
    answers. δ² is 1 for different values (nominal), their squared difference (interval), or that of their mid-ranks
    (ordinal: half of each value's answers and all between).
    """
    if answers.undefined:
        return None
    both = answers.pairable
    return float(_alphas(both, both.items[None, :], level)[0])


def alpha_interval(answers: Answers, level: Level = "nominal", confidence: float = 0.95) -> Interval | None:
    """By resampling items (or what they belong to), never answers; the same every time. None where α is undefined.

    Draws in which all answers are the same say nothing and are left out.
    """
    if answers.undefined:
        return None
    both, random = answers.pairable, np.random.default_rng(0)
    found: list[Array] = []
    kinds, times = (None, both.items) if both.clusters is None else np.unique(both.clusters, axis=0, return_counts=True)
    share = times / times.sum()
    step = max(1, AT_ONCE // max(1, both.counts.size, len(times)))
    for start in range(0, DRAWS, step):
        drawn = random.multinomial(both.n_clusters, share, size=min(step, DRAWS - start)).astype(float)
        found.append(_alphas(both, drawn if kinds is None else drawn @ kinds, level))
    known = np.concatenate(found)
    known = known[np.isfinite(known)]
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _alphas(answers: Answers, items: Array, level: Level) -> Array:
    """α for each row of item numbers."""
    counts, size = answers.counts, answers.counts.sum(axis=1)
    margins = items @ counts
    n = margins.sum(axis=1)
    if level == "nominal":
        within = (size**2 - (counts**2).sum(axis=1)) / (size - 1)
        observed = items @ within / n
        expected = (n**2 - (margins**2).sum(axis=1)) / (n * (n - 1))
    else:
        if level == "ordinal":
            points = np.cumsum(margins, axis=1) - margins / 2
        else:
            points = np.broadcast_to(answers.values, margins.shape)
        points = points - (margins * points).sum(axis=1, keepdims=True) / n[:, None]
        first, second = points @ counts.T, points**2 @ counts.T
        observed = (items * (2 * (size * second - first**2) / (size - 1))).sum(axis=1) / n
        expected = 2 * n * (margins * points**2).sum(axis=1) / (n * (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))


def gwet(answers: Answers, weights: Weights = "identity") -> Coefficient | None:
    """Gwet's AC1, or AC2 with weights, and its standard error over items (Gwet 2014); None where it has no value.

    (p_a − p_e)/(1 − p_e) with p_e = Σw/(q(q−1)) Σ π_k(1 − π_k), π_k the mean share of value k: stays sane when one
    value dominates.
    """
    q = len(answers.values)
    if not answers.pairable.n_items or q < 2:
        return None
    worth = weighing(answers.values, weights)
    scale = worth.sum() / (q * (q - 1))
    share = answers.counts / answers.counts.sum(axis=1, keepdims=True)
    pi = answers.items @ share / answers.items.sum()
    return _corrected(answers, worth, float(scale * (pi * (1 - pi)).sum()), scale * (share * (1 - pi)).sum(axis=1))


def fleiss(answers: Answers, weights: Weights = "identity") -> Coefficient | None:
    """Fleiss' κ, for any number of answers an item: p_e = Σ w π_k π_l (Fleiss 1971, Gwet 2014)."""
    if answers.undefined:
        return None
    worth = weighing(answers.values, weights)
    share = answers.counts / answers.counts.sum(axis=1, keepdims=True)
    pi = answers.items @ share / answers.items.sum()
    return _corrected(answers, worth, float(pi @ worth @ pi), share @ ((worth + worth.T) / 2) @ pi)


def _corrected(answers: Answers, worth: Array, chance: float, by_item: Array) -> Coefficient | None:
    """The coefficient over all items with an answer; those with one say something of chance, not of agreement."""
    if chance >= 1:
        return None
    size, items, n = answers.counts.sum(axis=1), answers.items, answers.items.sum()
    both = size >= 2
    agreed = (answers.counts * (answers.counts @ worth - 1)).sum(axis=1)
    agreed = np.divide(agreed, size * (size - 1), out=np.zeros_like(size), where=both)
    overlap = items[both].sum()
    value = (items[both] @ agreed[both] / overlap - chance) / (1 - chance)
    linear = np.where(both, (agreed - chance) / (1 - chance), 0) * n / overlap
    linear -= 2 * (1 - value) * (by_item - chance) / (1 - chance)
    error = np.sqrt(items @ (linear - value) ** 2 / (n * (n - 1))) if n > 1 else np.nan
    return Coefficient(float(value), float(error))


def weighing(values: Array, weights: Weights) -> Array:
    """What two different answers are worth as agreement: nothing, or more the nearer they are."""
    q = len(values)
    if weights == "identity":
        return np.eye(q)
    if weights == "quadratic":
        away = (values[:, None] - values[None, :]) ** 2
        return np.asarray(1 - away / away.max())
    steps = np.abs(np.arange(q)[:, None] - np.arange(q)[None, :]) + 1
    return np.asarray(1 - steps * (steps - 1) / (q * (q - 1)))


def cohen(first: Any, second: Any) -> float | None:
    """Cohen's κ of two people over the items that both answered: p_e from each one's own shares (Cohen 1960)."""
    one, other = np.asarray(first), np.asarray(second)
    if not len(one):
        return None
    known, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    mine, theirs = (np.bincount(part, minlength=len(known)) / len(one) for part in np.split(codes, 2))
    chance = float(mine @ theirs)
    return None if chance >= 1 else float((np.mean(one == other) - chance) / (1 - chance))
