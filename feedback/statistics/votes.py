"""What a set of votes or scores says, before any model of the voters."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

Choice = TypeVar("Choice", bound=Hashable)


def vote_shares(votes: Iterable[Choice]) -> dict[Choice, float]:
    """The share of all votes for each choice that got one, in the order of their first vote; empty without votes."""
    counts = Counter(votes)
    total = counts.total()
    return {choice: count / total for choice, count in counts.items()}


def majority(votes: Iterable[Choice], *, minimum_share: float = 0.0) -> Choice | None:
    """The choice with more votes than every other and at least `minimum_share` of all votes.

    Tie rule: where two choices share the first place, nobody has won and the answer is None. Neither the order of
    the votes nor that of the choices ever decides.
    """
    counts = Counter(votes)
    most = max(counts.values(), default=0)
    leaders = [choice for choice, count in counts.items() if count == most]
    return leaders[0] if len(leaders) == 1 and most >= minimum_share * counts.total() else None


def mean(scores: Iterable[float]) -> float | None:
    """The mean; None without scores. Summed exactly, so that the order of reviewers does not matter."""
    kept = list(scores)
    return math.fsum(kept) / len(kept) if kept else None
