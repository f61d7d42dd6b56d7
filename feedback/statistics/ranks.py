"""Ranks that admit ties, from scores that are known with doubt; and whether votes go round in circles."""

from typing import NamedTuple

import numpy as np
from scipy.stats.qmc import MultivariateNormalQMC

from feedback.statistics.preference import Array, Ratings, Votes

DRAWS, FEWEST = 2**13, 2**11  # of two contestants, and of very many
WORK = 40_000_000
AT_ONCE = 2_000_000  # numbers in memory


class Ranks(NamedTuple):
    """From the best place a contestant can have to the worst; 1 is first."""

    best: int
    worst: int


class Triads(NamedTuple):
    """Triples whose three pairs all have a winner, and how many of them go round: a beats b beats c beats a."""

    complete: int
    circular: int

    @property
    def share(self) -> float | None:
        """¼ is what chance alone makes (Kendall & Babington Smith 1940); None without complete triples."""
        return self.circular / self.complete if self.complete else None


def critical_value(covariance: Array, level: float = 0.95) -> float:
    """How many standard errors hold all pairwise differences at once: max-t (Hothorn, Bretz & Westfall 2008).

    The quantile of max |z_i − z_j| / se_ij for z ~ N(0, covariance), from quasi-random draws, the same every time.
    """
    firsts, seconds = np.triu_indices(len(covariance), k=1)
    errors = _errors_of_differences(covariance)[firsts, seconds]
    told = errors > 0
    if not told.any():
        return float("nan")
    firsts, seconds, errors = firsts[told], seconds[told], errors[told]
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    draws = DRAWS if DRAWS * len(errors) < WORK else FEWEST
    normal = MultivariateNormalQMC(np.zeros(len(root)), seed=0).random(draws) @ root.T
    most = [
        (np.abs(part[:, firsts] - part[:, seconds]) / errors).max(axis=1)
        for part in np.array_split(normal, 1 + draws * len(errors) // AT_ONCE)
    ]
    return float(np.quantile(np.concatenate(most), level))


def rank_intervals(ratings: Ratings, level: float = 0.95) -> list[Ranks]:
    """Places that hold for all contestants together with this confidence (Mogstad, Romano, Shaikh & Wilhelm 2024).

    The best place is 1 + how many are surely better, the worst n − how many are surely worse, by simultaneous
    intervals of all differences. Without a covariance nothing is sure.
    """
    count = len(ratings.scores)
    if ratings.covariance is None or count < 2:
        return [Ranks(1, count)] * count
    reach = critical_value(ratings.covariance, level) * _errors_of_differences(ratings.covariance)
    lead = ratings.scores[:, None] - ratings.scores[None, :]
    better = lead > reach
    np.fill_diagonal(better, False)
    best, worst = 1 + better.sum(axis=0), count - better.sum(axis=1)
    return [Ranks(int(low), int(high)) for low, high in zip(best, worst, strict=True)]


def triads(votes: Votes, n: int) -> Triads:
    """Majority directions of all pairs; closed triples are counted by matrix products.

    A pair whose votes are even has no direction, and is in no complete triple.
    """
    lead = np.zeros((n, n))
    np.add.at(lead, (votes.left, votes.right), votes.weight * (votes.outcome - 0.5))
    ahead = (lead - lead.T > 1e-12).astype(float)
    met = ahead + ahead.T
    complete, circular = np.sum((met @ met) * met) / 6, np.sum((ahead @ ahead) * ahead.T) / 3
    return Triads(round(float(complete)), round(float(circular)))


def _errors_of_differences(covariance: Array) -> Array:
    variances = np.diag(covariance)
    return np.sqrt(np.clip(variances[:, None] + variances[None, :] - 2 * covariance, 0, None))
