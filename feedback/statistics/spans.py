"""How far reviewers mark the same stretches: F1 of pairs of people, and α over characters. Needs numpy: for workers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from feedback.statistics.agreement import DRAWS
from feedback.statistics.intervals import Interval

Array = np.ndarray[Any, np.dtype[Any]]

TEXTS_AT_ONCE = 1_000
Marks = Sequence[tuple[int, int]]


class Text(NamedTuple):
    """How long it is, and what each person who read it marked there: half-open stretches, none where nothing was."""

    length: int
    marked: Sequence[Marks]


class F1(NamedTuple):
    exact: float
    overlap: float
    character: float


@dataclass(frozen=True)
class Marked:
    """Sums over the characters of each text: Σ 2k(m−k)/(m−1), Σ k and Σ m, for k of m people marking a character; and
    the F1 of every pair of people on every text.
    """

    sums: Array
    pairs: Array

    @property
    def n_texts(self) -> int:
        return len(self.sums)

    @property
    def undefined(self) -> str:
        if not len(self.sums):
            return "no_overlap"
        marked, all_of = self.sums[:, 1].sum(), self.sums[:, 2].sum()
        return "" if 0 < marked < all_of else "all_same"

    @property
    def f1(self) -> F1 | None:
        """The mean over texts and pairs; two empty hands agree, an empty one and a full one do not."""
        return F1(*(float(value) for value in self.pairs.mean(axis=0))) if len(self.pairs) else None

    @property
    def alpha(self) -> float | None:
        """α with every character a unit, marked or not, of those who read the text (a unitizing α without gaps)."""
        return None if self.undefined else float(_alphas(self.sums.sum(axis=0)[None, :])[0])

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """By resampling texts."""
        if self.undefined:
            return None
        random, n = np.random.default_rng(0), self.n_texts
        drawn = np.array([random.multinomial(n, np.full(n, 1 / n)) @ self.sums for _ in range(DRAWS)])
        known = _alphas(drawn)
        low, high = np.quantile(known[np.isfinite(known)], [(1 - confidence) / 2, (1 + confidence) / 2])
        return Interval(float(low), float(high))


def _alphas(sums: Array) -> Array:
    differing, marked, n = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - differing * (n - 1) / (2 * marked * (n - marked)))


def compare(texts: Sequence[Text]) -> Marked:
    """Texts that two people at least have read; the others say nothing of agreement."""
    read = [text for text in texts if len(text.marked) > 1 and text.length > 0]
    parts = [_compared(read[start : start + TEXTS_AT_ONCE]) for start in range(0, len(read), TEXTS_AT_ONCE)]
    if not parts:
        return Marked(np.zeros((0, 3)), np.zeros((0, 3)))
    return Marked(np.concatenate([sums for sums, _ in parts]), np.concatenate([pairs for _, pairs in parts]))


def _compared(texts: Sequence[Text]) -> tuple[Array, Array]:
    lengths = np.array([text.length for text in texts])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    people = np.array([len(text.marked) for text in texts])
    hands = [_Hand.of(texts, slot, starts) for slot in range(int(people.max()))]
    each = np.repeat(people, lengths)
    marks = np.sum([hand.is_marked for hand in hands], axis=0)
    differing = 2 * marks * (each - marks) / (each - 1)
    sums = np.stack([np.add.reduceat(part, starts[:-1]) for part in (differing, marks, each)], axis=1)
    pairs = [_f1(hands[a], hands[b], np.flatnonzero(people > b), starts) for a, b in combinations(range(len(hands)), 2)]
    return sums, np.concatenate(pairs)


@dataclass(frozen=True)
class _Hand:
    """What the person at one place of each text marked: characters laid end to end, and stretches among them."""

    is_marked: Array
    text: Array
    start: Array
    end: Array

    @classmethod
    def of(cls, texts: Sequence[Text], slot: int, starts: Array) -> "_Hand":
        rows = list(_stretches(texts, slot))
        text, start, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        start, end = start + starts[text], end + starts[text]
        steps = np.zeros(starts[-1] + 1, dtype=np.int32)
        np.add.at(steps, start, 1)
        np.add.at(steps, end, -1)
        return cls((np.cumsum(steps)[:-1] > 0).astype(np.int32), text, start, end)

    def counts(self, n: int) -> Array:
        return np.bincount(self.text, minlength=n)

    def met(self, other: "_Hand", n: int) -> Array:
        """How many of its stretches of each text the other has marked a character of."""
        before = np.concatenate([[0], np.cumsum(other.is_marked)])
        return np.bincount(self.text, before[self.end] > before[self.start], n)


def _stretches(texts: Sequence[Text], slot: int) -> Iterator[tuple[int, int, int]]:
    for number, text in enumerate(texts):
        if slot < len(text.marked):
            for start, end in sorted(set(text.marked[slot])):
                yield number, start, min(end, text.length)


def _f1(one: _Hand, other: _Hand, texts: Array, starts: Array) -> Array:
    """Rows of exact, overlap and character F1, a row a text that both have read."""
    n = len(starts) - 1
    mine, theirs = one.counts(n), other.counts(n)
    size = int(starts[-1]) + 1
    same = np.intersect1d(one.start * size + one.end, other.start * size + other.end)
    exact = np.bincount(np.searchsorted(starts, same // size, side="right") - 1, minlength=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = one.met(other, n) / mine, other.met(one, n) / theirs
        overlap = np.where(precision + recall > 0, 2 * precision * recall / (precision + recall), 0)
        both = np.add.reduceat(one.is_marked & other.is_marked, starts[:-1])
        marked = np.add.reduceat(one.is_marked + other.is_marked, starts[:-1])
        found = np.stack([2 * exact / (mine + theirs), overlap, 2 * both / marked], axis=1)
    found[(mine == 0) ^ (theirs == 0)] = 0
    found[(mine == 0) & (theirs == 0)] = 1
    return np.asarray(found[texts])
