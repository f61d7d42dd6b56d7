"""A dataset's written rule: what may become a pair, and what must hold of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from feedback.datasets.models import Split

SystemPrompts = Literal["same", "chosen", "without"]

DEFAULT_SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


class RuleError(ValueError):
    """The rule cannot be used; the message says which field and why."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How pairs come from verdicts.

    `system_prompts`: two responses may have been made under different system prompts; `same` leaves such pairs out,
    `chosen` keeps the chosen one's prompt, `without` drops system turns from the row.
    """

    queues: list[str] = []  # keys of the queues whose verdicts count; empty is all
    comparisons: bool = True
    comparison_criteria: list[str] = []  # keys; empty is every comparison criterion
    rating_criterion: str = ""  # a scale criterion whose means are compared; empty is none
    min_rating_difference: float = 1.0  # in points of that scale
    corrections: bool = True
    min_votes: int = 1
    min_share: float = 0.5  # share of all votes for the chosen one, ties counted against it
    min_strength: float = 0.0  # mean strength of the votes for the chosen one, 1..3
    moderators_decide: bool = True  # what a moderator settled needs no votes and no share
    system_prompts: SystemPrompts = "same"
    requires_consent: bool = False

    def as_json(self) -> dict[str, Any]:
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result


def parse(rule: dict[str, Any]) -> Rule:
    """Read and check a rule. Raises RuleError."""
    try:
        parsed = msgspec.convert(rule, Rule)
    except msgspec.ValidationError as error:
        raise RuleError(f"The rule cannot be read: {error}.") from error
    if parsed.min_votes < 1:
        raise RuleError("min_votes must be at least 1.")
    if not 0 < parsed.min_share <= 1:
        raise RuleError("min_share must be above 0 and at most 1.")
    if parsed.min_rating_difference <= 0:
        raise RuleError("min_rating_difference must be above 0.")
    if not 0 <= parsed.min_strength <= 3:
        raise RuleError("min_strength must lie between 0 and 3.")
    return parsed


def parse_shares(shares: dict[str, Any]) -> dict[str, float]:
    """Shares of the splits, in the order train, validation, test. Raises RuleError."""
    unknown = set(shares) - set(Split.values)
    if unknown:
        raise RuleError(f"Unknown split {sorted(unknown)[0]!r}; splits are train, validation and test.")
    values = {name: float(shares.get(name, 0)) for name in Split.values}
    if min(values.values()) < 0 or abs(sum(values.values()) - 1) > 1e-9:
        raise RuleError("The shares of the splits must be positive and add up to 1.")
    return values
