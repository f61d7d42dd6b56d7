"""Majority with explicit ties: the baseline of every aggregation, and the rule by which items are settled."""

from collections.abc import Mapping


def vote_shares(votes: Mapping[str, int]) -> dict[str, float]:
    """Each outcome's votes by all votes, in [0, 1]; empty when nobody voted."""
    total = sum(votes.values())
    return {outcome: count / total for outcome, count in votes.items()} if total else {}


def majority(votes: Mapping[str, int]) -> str | None:
    """The outcome with strictly more votes than every other, or None.

    Plurality, not more than half: 2, 1, 1 has a winner; 2, 2, 1 has none. A tie is never broken by the order of labels.
    """
    most = max(votes.values(), default=0)
    leaders = [outcome for outcome, count in votes.items() if count == most]
    return leaders[0] if most > 0 and len(leaders) == 1 else None
