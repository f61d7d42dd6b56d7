"""Contestants (models, prompt versions) rated from votes between two of them. Needs numpy and scipy: for workers.

Bradley and Terry (1952): P(i beats j) = σ(θ_i − θ_j), Σθ = 0. With ties, Davidson (1970), which is Newman's model
(2023) with v = ν/2: a vote for the left, a tie and a vote for the right are as e^{η/2} : ν : e^{−η/2}, and
η = θ_left − θ_right + position + length · ln((length left + 10) / (length right + 10)).
The likelihood is concave, so that Newton's steps from anywhere find its maximum. Errors are sandwich errors that take
all votes on one subject as one observation (Liang & Zeger 1986), with the usual correction for few of them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

Array = np.ndarray[Any, np.dtype[Any]]
Ties = Literal["davidson", "half"]
Control = Literal["position", "length"]

RIDGE = 0.1  # of a vote against a contestant of average strength, half won and half lost
FAR = 12.0  # a log odds beyond which an estimate is on its way to infinity
SHORT = 10
TINY = 1e-9
STEPS = 100


@dataclass(frozen=True)
class Votes:
    """One row a vote: who stood left and right, 1 for the left, 0 for the right, ½ for a tie; what was judged."""

    left: Array
    right: Array
    outcome: Array
    subject: Array
    weight: Array
    length: Array  # the log of how many times longer the left is (`length_ratio`)
    shown: Array  # 1 where left and right are as the voter saw them, 0 where nobody knows

    @classmethod
    def of(
        cls,
        left: Iterable[int],
        right: Iterable[int],
        outcome: Iterable[float],
        subject: Iterable[int] | None = None,
        weight: Iterable[float] | None = None,
        length: Iterable[float] | None = None,
        shown: Iterable[float] | None = None,
    ) -> "Votes":
        """From any numbers; without subjects each vote stands for itself, without weights each counts 1."""
        lefts = np.asarray(left, dtype=np.int64)
        rows = len(lefts)
        return cls(
            lefts,
            np.asarray(right, dtype=np.int64),
            np.asarray(outcome, dtype=float),
            np.arange(rows) if subject is None else np.asarray(subject),
            np.ones(rows) if weight is None else np.asarray(weight, dtype=float),
            np.zeros(rows) if length is None else np.asarray(length, dtype=float),
            np.ones(rows) if shown is None else np.asarray(shown, dtype=float),
        )

    def __len__(self) -> int:
        return len(self.left)

    def only(self, rows: Array) -> "Votes":
        return Votes(
            self.left[rows], self.right[rows], self.outcome[rows],
            self.subject[rows], self.weight[rows], self.length[rows], self.shown[rows],
        )  # fmt: skip

    @property
    def subjects(self) -> int:
        return len(np.unique(self.subject))


class Effect(NamedTuple):
    """A log odds with its standard error."""

    value: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Beyond the 95 % interval of zero."""
        return abs(self.value) > 1.959964 * self.error


@dataclass(frozen=True)
class Ratings:
    """Log odds against the mean of all contestants, and how surely they are known.

    `covariance` is that of the scores (their sum is fixed at 0), None when there are too few subjects for it.
    """

    scores: Array
    covariance: Array | None
    controls: dict[Control, Effect] = field(default_factory=dict)
    not_told_apart: tuple[Control, ...] = ()  # controls that this data cannot tell from the contestants
    tie: float | None = None  # ν; None where ties count half, or there are none
    is_ridged: bool = False

    @property
    def errors(self) -> Array | None:
        return None if self.covariance is None else np.sqrt(np.clip(np.diag(self.covariance), 0, None))

    def against(self, baseline: int) -> list[Effect]:
        """Each contestant's difference to one of them; the covariance says how much doubt they share."""
        differences = self.scores - self.scores[baseline]
        if self.covariance is None:
            return [Effect(float(value), float("nan")) for value in differences]
        variances = np.diag(self.covariance)
        spread = variances + variances[baseline] - 2 * self.covariance[baseline]
        errors = np.sqrt(np.clip(spread, 0, None))
        return [Effect(float(value), float(error)) for value, error in zip(differences, errors, strict=True)]


def rate(votes: Votes, n: int, ties: Ties = "davidson", controls: Sequence[Control] = ()) -> Ratings:
    """Scores of n contestants that are all connected (`islands`), by maximum likelihood.

    `ties`: Davidson's model, or half a vote to each. Never mix the two: their scales differ.
    Where the maximum does not exist (Ford 1957: one is undefeated, or a group of them), a ridge makes it finite, and
    `is_ridged` says so.
    """
    if ties == "davidson" and not _has_ties_and_wins(votes):
        ties = "half"
    is_ridged = not is_strong(votes, n)
    dropped: tuple[Control, ...] = ()
    kept = list(controls)
    while True:
        model = _Model(votes, n, ties, tuple(kept), RIDGE if is_ridged else 0.0)
        found = _climb(model)
        if found is not None and np.abs(found).max() <= FAR:
            break
        if kept and (found is None or is_ridged):
            dropped = (kept.pop(), *dropped)
        elif not is_ridged:
            is_ridged = True
        else:
            break
    if found is None:
        raise ValueError("these votes do not determine the scores")
    return replace(model.ratings(found), not_told_apart=dropped)


def length_ratio(left: float, right: float) -> float:
    """ln((left + 10) / (right + 10)), in characters: among answers of a few letters, length says little."""
    return math.log((left + SHORT) / (right + SHORT))


def expected_share(score: float, tie: float | None) -> float:
    """Of the votes against an average contestant, with half a vote for a tie: what a score means in plain numbers."""
    half = (tie or 0.0) * math.exp(score / 2) / 2
    return (math.exp(score) + half) / (math.exp(score) + 1 + 2 * half)


def islands(votes: Votes, n: int) -> list[Array]:
    """Contestants that are compared with one another, directly or through others: the largest group first."""
    graph = coo_array((np.ones(len(votes)), (votes.left, votes.right)), shape=(n, n))
    count, labels = connected_components(graph, directed=False)
    groups = [np.flatnonzero(labels == label) for label in range(count)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


def is_strong(votes: Votes, n: int) -> bool:
    """Ford's condition: from each contestant to each other one leads a chain of wins or ties (Ford 1957)."""
    won, lost = votes.outcome > 0, votes.outcome < 1
    winners = np.concatenate([votes.left[won], votes.right[lost]])
    losers = np.concatenate([votes.right[won], votes.left[lost]])
    graph = coo_array((np.ones(len(winners)), (winners, losers)), shape=(n, n))
    return bool(connected_components(graph, directed=True, connection="strong", return_labels=False) == 1)


def _has_ties_and_wins(votes: Votes) -> bool:
    tied = votes.outcome == 0.5
    return bool(tied.any() and not tied.all())


@dataclass(frozen=True)
class _Model:
    """The likelihood of β = (θ, controls, ln ν where ties have a parameter of their own)."""

    votes: Votes
    n: int
    ties: Ties
    controls: tuple[Control, ...]
    ridge: float

    @property
    def design(self) -> csr_array:
        """η = design · β: +1 left, −1 right, then the controls."""
        rows, ones = np.arange(len(self.votes)), np.ones(len(self.votes))
        places = (np.concatenate([rows, rows]), np.concatenate([self.votes.left, self.votes.right]))
        sides = coo_array((np.concatenate([ones, -ones]), places), shape=(len(rows), self.n)).tocsr()
        given = {"position": self.votes.shown, "length": self.votes.length}
        return hstack([sides, *(csr_array(given[name][:, None]) for name in self.controls)], format="csr")

    @property
    def size(self) -> int:
        return self.n + len(self.controls) + (self.ties == "davidson")

    def residuals(self, design: csr_array, beta: Array) -> tuple[float, Array, Array]:
        """The log likelihood, what it gains with η and ln ν (a column each), and their curvature (rows × 2 × 2)."""
        with_ties = self.ties == "davidson"
        eta = design @ beta[: design.shape[1]]
        votes = self.votes
        scale = 2.0 if with_ties else 1.0
        logs = [eta / scale, -eta / scale] if with_ties else [eta, np.zeros_like(eta)]
        if with_ties:
            logs.append(np.full_like(eta, beta[-1]))
        total = np.logaddexp.reduce(logs, axis=0)
        left, right, *tie = (np.exp(log - total) for log in logs)
        if not with_ties:
            likelihood = votes.weight @ (votes.outcome * eta - total)
            return float(likelihood), (votes.outcome - left)[:, None], (left * right)[:, None, None]
        tied = votes.outcome == 0.5
        chosen = np.where(tied, logs[2], np.where(votes.outcome > 0.5, logs[0], logs[1]))
        lean = (left - right) / 2
        gains = np.stack([votes.outcome - 0.5 - lean, tied - tie[0]], axis=1)
        both = -lean * tie[0]
        curves = np.stack([(left + right) / 4 - lean**2, both, both, tie[0] * (1 - tie[0])], axis=1)
        return float(votes.weight @ (chosen - total)), gains, curves.reshape(-1, 2, 2)

    def slopes(self, design: csr_array, gains: Array) -> csr_array:
        """Each vote's part of the gradient, by row."""
        parts = [design * (self.votes.weight * gains[:, 0])[:, None]]
        if gains.shape[1] == 2:
            parts.append(csr_array((self.votes.weight * gains[:, 1])[:, None]))
        return hstack(parts, format="csr")

    def curvature(self, design: csr_array, curves: Array) -> Array:
        """Minus the second derivative of the log likelihood."""
        weight, width = self.votes.weight, design.shape[1]
        found = np.zeros((self.size, self.size))
        found[:width, :width] = (design.T @ (design * (weight * curves[:, 0, 0])[:, None])).toarray()
        if self.size > width:
            found[-1, :width] = found[:width, -1] = design.T @ (weight * curves[:, 0, 1])
            found[-1, -1] = weight @ curves[:, 1, 1]
        return found

    def look(self, design: csr_array, beta: Array) -> tuple[float, Array, Array, csr_array]:
        """At β: the (ridged) log likelihood, its gradient, minus its second derivative, and each vote's slope."""
        likelihood, gains, curves = self.residuals(design, beta)
        slopes, curvature = self.slopes(design, gains), self.curvature(design, curves)
        gradient = np.asarray(slopes.sum(axis=0)).ravel()
        theta = beta[: self.n]
        chance = 1 / (1 + np.exp(-theta))
        likelihood -= self.ridge * float(np.logaddexp(0, theta).sum() - theta.sum() / 2)
        gradient[: self.n] += self.ridge * (0.5 - chance)
        curvature[np.arange(self.n), np.arange(self.n)] += self.ridge * chance * (1 - chance)
        curvature[: self.n, : self.n] += curvature.trace() / self.size / self.n  # the free direction: all θ alike
        return likelihood, gradient, curvature, slopes

    def ratings(self, beta: Array) -> Ratings:
        design = self.design
        *_, curvature, slopes = self.look(design, beta)
        centring = np.eye(self.size)
        centring[: self.n, : self.n] -= 1 / self.n
        covariance = self.sandwich(np.linalg.inv(curvature), slopes)
        if covariance is not None:
            covariance = centring @ covariance @ centring.T
        effects: dict[Control, Effect] = {}
        for place, name in enumerate(self.controls, start=self.n):
            error = float("nan") if covariance is None else float(np.sqrt(covariance[place, place]))
            effects[name] = Effect(float(beta[place]), error)
        return Ratings(
            scores=beta[: self.n] - beta[: self.n].mean(),
            covariance=None if covariance is None else covariance[: self.n, : self.n],
            controls=effects,
            tie=float(np.exp(beta[-1])) if self.ties == "davidson" else None,
            is_ridged=bool(self.ridge),
        )

    def sandwich(self, inverse: Array, slopes: csr_array) -> Array | None:
        """H⁻¹ (Σ_g s_g s_gᵀ) H⁻¹ over subjects g, times G/(G−1) · (N−1)/(N−p)."""
        _, groups = np.unique(self.votes.subject, return_inverse=True)
        count, rows, free = int(groups.max()) + 1, len(self.votes), self.size - 1
        if count < 2 or rows <= free:
            return None
        members = csr_array((np.ones(rows), (groups, np.arange(rows))), shape=(count, rows))
        sums = members @ slopes
        meat = (sums.T @ sums).toarray()
        return np.asarray(inverse @ meat @ inverse * (count / (count - 1) * (rows - 1) / (rows - free)))


def _climb(model: _Model) -> Array | None:
    """Newton's steps, halved while they lead down; None when the data leave a direction free."""
    design = model.design
    beta = np.zeros(model.size)
    likelihood, gradient, curvature, _ = model.look(design, beta)
    if np.linalg.cond(curvature) > 1 / TINY:
        return None
    for _ in range(STEPS):
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while True:
            tried = model.look(design, beta + size * step)
            if tried[0] >= likelihood - TINY * abs(likelihood) or size < TINY:
                break
            size /= 2
        beta = beta + size * step
        likelihood, gradient, curvature, _ = tried
        if np.abs(size * step).max() < TINY or np.abs(beta).max() > 2 * FAR:
            break
    return beta
