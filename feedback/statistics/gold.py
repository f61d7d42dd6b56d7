"""The exact binomial tests behind gold items: of a reviewer, and of an item that good reviewers fail.

Both are reasons to look, never verdicts: what is flagged goes to a person (STATISTICS §2, R3).
"""

from __future__ import annotations

import math

HONEST = 0.9  # how often an honest reviewer gives the expected answer
FALSE_ALARM = 0.02  # at most so many honest reviewers are flagged
FEWEST = 10  # fewer checks tell too little of anybody
GOOD = 0.8  # accuracy on other gold from which on a reviewer's failures speak against an item
FEWEST_OTHERS = 5
FEWEST_FAILURES = 3
DOUBT = 0.01


def lower_tail(k: int, n: int, p: float) -> float:
    """P(X <= k) for X binomial (n, p). ValueError unless 0 <= k <= n and 0 <= p <= 1."""
    if not 0 <= k <= n or not 0 <= p <= 1:
        raise ValueError(f"{k} of {n} at {p} is not binomial")
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


def is_too_low(right: int, n: int) -> bool | None:
    """Whether an honest reviewer would hardly have so few right: 6 of 10, 10 of 15. None: too few to tell."""
    return None if n < FEWEST else lower_tail(right, n, HONEST) <= FALSE_ALARM


def is_questionable(failures: int, n: int, failing: float) -> bool:
    """Whether good reviewers, who fail other gold at the rate `failing`, fail this item too often for chance.

    P(X >= failures) for X binomial (n, max(failing, 1 - HONEST)); at least FEWEST_FAILURES of them.
    """
    if failures < FEWEST_FAILURES:
        return False
    return 1 - lower_tail(failures - 1, n, min(1.0, max(failing, 1 - HONEST))) <= DOUBT
