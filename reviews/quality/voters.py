"""What is known of those who voted, as a verdict keeps it: plain values for lower rooms, as last measured.

It decides nothing here: an answer with a reliability is settled by the same rules as one without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from feedback.rubrics.models import Criterion
from reviews.quality.models import ReviewerMeasure
from reviews.quality.tally import Answer

DIGITS = 4
# Of an answer: what better estimates alone change, and what follows from the same reviews (older verdicts have it not).
BESIDE = frozenset({"posterior", "reliability", "corrected_mean", "stretches"})

Measure = ReviewerMeasure.Measure
Key = tuple[str, int, str, str]  # measure, reviewer, criterion and its kind


@dataclass(frozen=True)
class Voters:
    known: Mapping[Key, float]

    @classmethod
    def of(cls, reviewers: Iterable[int]) -> Voters:
        rows = ReviewerMeasure.objects.filter(
            reviewer__in=set(reviewers), measure__in=[Measure.ACCURACY, Measure.SEVERITY], value__isnull=False
        )
        columns = ("measure", "reviewer_id", "criterion", "kind", "value")
        return cls({(measure, who, key, kind): value for measure, who, key, kind, value in rows.values_list(*columns)})

    def stamped(
        self,
        criteria: Sequence[Criterion],
        settled: Answer,
        reviewers: Sequence[int],
        reviews: Sequence[dict[str, Any]],
    ) -> Answer:
        """The settled answers with `reliability`, the lowest chance to be right among those who answered, where it is
        known of all of them; and of scales `corrected_mean`, each score less how far its reviewer leans.
        """
        if not self.known:
            return settled
        return {
            criterion.key: settled[criterion.key]
            | self.beside(
                criterion,
                [
                    (who, said[criterion.key])
                    for who, said in zip(reviewers, reviews, strict=True)
                    if criterion.key in said
                ],
            )
            for criterion in criteria
        }

    def beside(self, criterion: Criterion, given: Sequence[tuple[int, Any]]) -> Answer:
        of = (criterion.key, criterion.kind)
        right = [self.known.get((Measure.ACCURACY, who, *of)) for who, _ in given]
        found: Answer = {}
        if right and None not in right:
            found["reliability"] = round(min(one for one in right if one is not None), DIGITS)
        leans = {who: self.known.get((Measure.SEVERITY, who, *of)) for who, _ in given}
        if criterion.kind == Criterion.Kind.SCALE and any(lean is not None for lean in leans.values()):
            found["corrected_mean"] = round(fmean(score - (leans[who] or 0.0) for who, score in given), DIGITS)
        return found


def as_decided(answers: Answer) -> Answer:
    """What was decided, and by which votes: a better estimate of the reviewers alone changes no verdict."""
    return {
        key: {name: value for name, value in answer.items() if name not in BESIDE} for key, answer in answers.items()
    }
