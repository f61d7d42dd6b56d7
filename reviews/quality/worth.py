"""How much settling a dispute is worth, which orders the list of disputes: a number without a unit.

    value = responses it stands for x what hangs on it x how far the reviewers are apart

Responses: 1 / the chance with which it was drawn, 1 where it was not drawn. What hangs on it: 2 where an answer in
dispute can be a failure, else 1. Apart: 1 less the largest share of votes, the most open question counts; 1 where no
review is left. Kept when the dispute opens; the older comes first where two are worth the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from feedback.rubrics.models import Criterion
from reviews.quality.tally import Answer
from reviews.queues.models import Item

FAILURE = 2.0


def worth(item: Item, criteria: Iterable[Criterion], settled: Answer, keys: Sequence[str]) -> float:
    asked = [criterion for criterion in criteria if criterion.key in keys]
    stakes = FAILURE if any(criterion.fails_when for criterion in asked) else 1.0
    apart = max((1.0 - (settled[one.key].get("share") or 0.0) for one in asked), default=1.0)
    return stakes * apart / (item.inclusion_probability or 1.0)
