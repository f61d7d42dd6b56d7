"""What must always hold for what was added up (DESIGN §9)."""

from __future__ import annotations

from feedback.checks import Invariant
from reviews.monitoring.addup import wrong_days, wrong_facts

INVARIANTS = [
    Invariant("I10", "A day's sums are what its responses say.", wrong_days),
    Invariant("I10", "A fact is what its verdict says.", wrong_facts),
]
