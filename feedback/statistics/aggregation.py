"""From the labels of several raters to what each item probably is, and how each rater answers. For workers: uses numpy.

Dawid and Skene 1979, by expectation and maximisation: with class shares p and for each rater r a confusion matrix π⁽ʳ⁾
(row: the true class, column: the label given), T_ik ∝ p_k Π_r Π_l π⁽ʳ⁾_kl^{n_irl}; then p is the mean of T, and π⁽ʳ⁾_kl
the mean of the labels that r gave, weighted by T. It begins with vote shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEPS, CLOSE = 200, 1e-7
FEW = 20  # labels: below, a rater's own matrix is not to be had, and one figure stands for it (STATISTICS §2)


@dataclass(frozen=True)
class Votes:
    """Labels as three arrays of equal length: item, rater and label, each counted from 0."""

    item: Ints
    rater: Ints
    label: Ints
    n_items: int
    n_raters: int
    n_classes: int

    def per_item(self) -> Ints:
        return np.bincount(self.item, minlength=self.n_items)

    def per_rater(self) -> Ints:
        return np.bincount(self.rater, minlength=self.n_raters)


@dataclass(frozen=True)
class Estimate:
    """`posterior` (items × classes), `shares` (classes), `confusion` (raters × classes × classes: true, given), and the
    log-likelihood after each step.
    """

    posterior: Floats
    shares: Floats
    confusion: Floats
    log_likelihood: list[float]

    def accuracy(self) -> Floats:
        """Of each rater: the chance that a label is right, over the classes as they occur."""
        right: Floats = np.einsum("rkk,k->r", self.confusion, self.shares)
        return right


def votes_of(rows: Sequence[tuple[int, int, int]], n_classes: int) -> Votes:
    """Of (item, rater, label), counted from 0. ValueError when there are none or a label is not a class."""
    if not rows:
        raise ValueError("no labels")
    table = np.asarray(rows, dtype=np.int64)
    item, rater, label = table.T
    if label.min() < 0 or label.max() >= n_classes:
        raise ValueError(f"labels must lie in 0..{n_classes - 1}")
    return Votes(item, rater, label, int(item.max()) + 1, int(rater.max()) + 1, n_classes)


def vote_shares(votes: Votes) -> Floats:
    """Items × classes: the share of labels for each class; of an item without labels, equal parts."""
    counts = np.bincount(votes.item * votes.n_classes + votes.label, minlength=votes.n_items * votes.n_classes)
    table = counts.reshape(votes.n_items, votes.n_classes).astype(np.float64)
    totals = table.sum(axis=1, keepdims=True)
    return np.where(totals > 0, table / np.maximum(totals, 1), 1 / votes.n_classes)


def dawid_skene(
    votes: Votes, *, prior: float = 0.5, one_coin: bool = False, steps: int = STEPS, close: float = CLOSE
) -> Estimate:
    """Classes and confusion matrices that the labels make most likely.

    `prior`: labels that each rater is thought to have given rightly in each class, and as many spread over all classes;
    without it a rater with few labels gets rates of 0 and 1. `one_coin`: each rater has one chance to be right, and
    errs evenly (for raters with fewer than FEW labels). It ends after so many `steps`, or where the log-likelihood has
    grown by no more than this share (`close`).
    """
    posterior = vote_shares(votes)
    history: list[float] = []
    shares, confusion = maximise(votes, posterior, prior, one_coin)
    for _ in range(steps):
        posterior, likelihood = expect(votes, shares, confusion)
        shares, confusion = maximise(votes, posterior, prior, one_coin)
        history.append(likelihood)
        if len(history) > 1 and abs(history[-1] - history[-2]) <= close * abs(history[-2]):
            break
    return Estimate(posterior, shares, confusion, history)


def expect(votes: Votes, shares: Floats, confusion: Floats) -> tuple[Floats, float]:
    """T, and the log-likelihood of the labels."""
    with np.errstate(divide="ignore"):
        table, logs = np.log(confusion), np.log(shares)
    table = np.maximum(table, -1e300)  # a chance of 0 stays one, and 0 times it stays a number
    scores = np.stack(
        [
            logs[k] + np.bincount(votes.item, weights=table[votes.rater, k, votes.label], minlength=votes.n_items)
            for k in range(votes.n_classes)
        ],
        axis=1,
    )
    highest = scores.max(axis=1, keepdims=True)
    parts = np.exp(scores - highest)
    total = parts.sum(axis=1, keepdims=True)
    return parts / total, float((highest + np.log(total)).sum())


def maximise(votes: Votes, posterior: Floats, prior: float, one_coin: bool) -> tuple[Floats, Floats]:
    """Class shares and confusion matrices."""
    n, classes = votes.n_raters, votes.n_classes
    where = votes.rater * classes + votes.label
    given = np.stack(
        [np.bincount(where, weights=posterior[votes.item, k], minlength=n * classes) for k in range(classes)], axis=1
    )
    labels = given.reshape(n, classes, classes).transpose(0, 2, 1)  # rater, true, given
    counts: Floats = labels + prior * (np.eye(classes) + 1 / classes)
    if one_coin:
        counts = evenly(counts)
    totals = counts.sum(axis=2, keepdims=True)
    confusion = np.where(totals > 0, counts / np.where(totals > 0, totals, 1), 1 / classes)
    return posterior.mean(axis=0), confusion


def evenly(counts: Floats) -> Floats:
    """Matrices of raters who are right with one chance in every class and err evenly."""
    classes = counts.shape[1]
    right = np.einsum("rkk->r", counts) / counts.sum(axis=(1, 2))
    wrong = (1 - right) / max(1, classes - 1)
    return np.where(np.eye(classes, dtype=bool), right[:, None, None], wrong[:, None, None])


def severity(item: Ints, rater: Ints, value: Floats, *, shrink: float = 5.0) -> Floats:
    """How much higher than the others each rater scores the same items, in points: the mean of score − mean of the
    item's other scores, drawn towards 0 as by `shrink` more items without a difference. Items of one rater say nothing.
    """
    sums, counts = np.bincount(item, weights=value), np.bincount(item)
    others = counts[item] - 1
    told = others > 0
    differences = value[told] - (sums[item][told] - value[told]) / others[told]
    n_raters = int(rater.max()) + 1
    total = np.bincount(rater[told], weights=differences, minlength=n_raters)
    return total / (np.bincount(rater[told], minlength=n_raters) + shrink)
