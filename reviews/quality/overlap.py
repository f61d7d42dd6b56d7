"""Adaptive overlap: an item gets another reviewer only while its answer is not clear, up to a maximum.

The queue's own k is the least. When an item is complete, the posterior of each required question is looked at; below
the policy's target the item gets one more place instead of a verdict, and comes back when that is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedback.judgements.record import criteria_of
from feedback.rubrics.models import Criterion
from feedback.statistics.consensus import UNKNOWN, Label, is_clear, posterior
from feedback.statistics.votes import majority
from reviews.quality.models import LabelModel, OverlapPolicy
from reviews.quality.tally import Answer, Decide, Decided, was_asked
from reviews.queues.items import set_k
from reviews.queues.models import Item

Kind = Criterion.Kind
WEIGHED = frozenset({Kind.YES_NO, Kind.CHOICE, Kind.SPANS, Kind.COMPARISON})  # questions with one winner of several
DIGITS = 4  # of a chance that is stored: the last bits of an exponential differ between machines


def classes_of(criterion: Criterion, size: int) -> list[str]:
    """Every answer that can win; the responses of a comparison by their place in the subject, from 1."""
    if criterion.kind == Kind.COMPARISON:
        outcomes = ["tie", "both_bad"] if criterion.options.get("both_bad") else ["tie"]
        return [*(str(place) for place in range(1, size + 1)), *outcomes]
    if criterion.kind == Kind.CHOICE:
        return [choice["value"] for choice in criterion.options["choices"]]
    return ["yes", "no"]


@dataclass(frozen=True)
class Weights:
    """What is known of the questions and reviewers of some queues, and the policies of those that have one."""

    policies: Mapping[int, OverlapPolicy]
    models: Mapping[tuple[int, str], LabelModel]

    @classmethod
    def of(cls, queue_ids: Iterable[int]) -> Weights:
        ids = set(queue_ids)
        policies = {row.queue_id: row for row in OverlapPolicy.objects.filter(queue__in=ids, is_on=True)}
        models = LabelModel.objects.filter(queue__in=ids)
        return cls(policies, {(row.queue_id, row.criterion): row for row in models})

    def decide(self, queue_id: int, reviewers: Sequence[int], response_ids: Sequence[int]) -> Decide:
        """How this queue finds the winner of a question: by most votes where it has no policy. The posterior stands
        beside the answer either way.
        """
        policy = self.policies.get(queue_id)
        name_of = {str(pk): str(place) for place, pk in enumerate(response_ids, 1)}
        id_of = {name: pk for pk, name in name_of.items()}

        def weighed(criterion: Criterion, voters: list[int], outcomes: list[str]) -> Decided:
            if criterion.kind not in WEIGHED or not outcomes:
                return majority(outcomes), {}
            model = self.models.get((queue_id, criterion.key))
            names = [name_of.get(outcome, outcome) for outcome in outcomes]
            labels = [
                Label(name, accuracy_of(model, reviewers[voter])) for voter, name in zip(voters, names, strict=True)
            ]
            classes = classes_of(criterion, len(response_ids))
            shares = model.shares if model else dict.fromkeys(classes, 1.0)  # before anything is known, all alike
            chances = posterior(labels, classes, shares)
            leader = max(chances, key=lambda name: chances[name])
            told = {id_of.get(name, name): round(chance, DIGITS) for name, chance in chances.items()}
            winner = majority(outcomes)
            if policy and policy.decides == OverlapPolicy.Decides.RELIABILITY:
                winner = id_of.get(leader, leader) if is_clear(chances, policy.target) else None
            return winner, {"posterior": told}

        return weighed

    def wants_more(self, item: Item, n_reviews: int, settled: Answer) -> bool:
        """Whether a required question is not clear yet, and the queue pays for another review."""
        policy = self.policies.get(item.queue_id)
        if policy is None or n_reviews >= policy.most or item.queue.takes_imports:
            return False
        required = [row for row in criteria_of(item.rubric_version) if row.is_required and row.kind in WEIGHED]
        asked = [settled[row.key] for row in required if was_asked(row, settled[row.key])]
        return any("posterior" in answer and not is_clear(answer["posterior"], policy.target) for answer in asked)


def accuracy_of(model: LabelModel | None, reviewer: int) -> float:
    found: float = model.accuracy.get(str(reviewer), UNKNOWN) if model else UNKNOWN
    return found


def ask_again(item: Item) -> None:
    """One more place, in the caller's transaction; the oldest surplus review takes it before anybody new is asked."""
    set_k(item, item.k + 1)
