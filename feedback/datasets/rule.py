"""A dataset's written rule: what may become a pair, and what must hold of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.http import QueryDict

from feedback.datasets.models import Split
from feedback.responses.filters import BESIDE, StrictResponseFilter
from feedback.responses.models import Response

SystemPrompts = Literal["same", "chosen", "without"]
Method = Literal["consensus", "adjudicated", "imported"]
Contradictions = Literal["leave_out", "keep"]
NearDuplicates = Literal["keep", "leave_out"]
PersonalData = Literal["keep", "leave_out", "replace"]

DEFAULT_SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


class RuleError(ValueError):
    """The rule cannot be used; the message says which field and why."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How pairs come from verdicts. What a rule does not name is as it stands here: empty lists and zeros ask nothing.

    `system_prompts`: two responses may have been made under different system prompts; `same` leaves such pairs out,
    `chosen` keeps the chosen one's prompt, `without` drops system turns from the row.
    """

    queues: list[str] = []  # keys of the queues whose verdicts count; empty is all
    methods: list[Method] = []  # how a verdict came about; empty is all
    responses: str = ""  # a filter of the list of responses; all responses of a subject must match
    comparisons: bool = True
    rankings: bool = True  # each two responses of a ranking
    comparison_criteria: list[str] = []  # keys; empty is every comparison and ranking criterion
    rating_criterion: str = ""  # a scale criterion whose means are compared; empty is none
    min_rating_difference: float = 1.0  # in points of that scale
    min_rating_spread: float = 0.0  # the difference in pooled standard deviations of the two responses' ratings
    raters_agree: bool = False  # nobody who rated both put the other one first or both level
    corrections: bool = True
    user_feedback: bool = False  # end users' scores: one above zero over one below, of the same kind
    min_votes: int = 1
    min_share: float = 0.5  # share of all votes for the chosen one, ties counted against it
    min_agreement: float = 0.0  # share of the votes for one of the two, ties set aside
    min_reviewer_reliability: float = 0.0  # of everybody who voted: the chance to be right, as the verdict tells it
    min_strength: float = 0.0  # mean strength of the votes for the chosen one, 1..3
    moderators_decide: bool = True  # what a moderator settled needs no votes and no share
    ties_in_votes: bool = True  # the file of raw votes has comparisons that were settled as a tie
    both_bad_in_votes: bool = True  # and as “both bad”; neither ever becomes a pair
    system_prompts: SystemPrompts = "same"
    requires_consent: bool = False
    licences: list[str] = []  # what both responses' licence must be one of; empty is any, also none
    personal_data: PersonalData = "keep"
    min_prompt_characters: int = 0
    max_prompt_characters: int = 0
    min_answer_characters: int = 0
    max_answer_characters: int = 0
    max_length_ratio: float = 0.0  # of the longer answer to the shorter one
    contradictions: Contradictions = "leave_out"
    near_duplicates: NearDuplicates = "keep"  # pairs that say nearly the same as an earlier one
    max_per_prompt: int = 0  # pairs of one question, near ones counted with it
    max_model_share: float = 0.0  # of all pairs, for two models of which one was chosen over the other
    max_reviewer_share: float = 0.0  # of all judgements behind the pairs, for one reviewer

    def as_json(self) -> dict[str, Any]:
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result

    @property
    def remembers(self) -> bool:
        """Whether a build must note more of its pairs than their rows say."""
        return self.near_duplicates == "leave_out" or bool(self.max_per_prompt) or self.is_balanced

    @property
    def is_balanced(self) -> bool:
        return bool(self.max_model_share or self.max_reviewer_share)


BOUNDS: dict[str, tuple[float, float]] = {
    "min_rating_spread": (0, 100),
    "min_agreement": (0, 1),
    "min_reviewer_reliability": (0, 1),
    "min_strength": (0, 3),
    "min_prompt_characters": (0, 10_000_000),
    "max_prompt_characters": (0, 10_000_000),
    "min_answer_characters": (0, 10_000_000),
    "max_answer_characters": (0, 10_000_000),
    "max_length_ratio": (0, 1_000_000),
    "max_per_prompt": (0, 1_000_000),
    "max_model_share": (0, 1),
    "max_reviewer_share": (0, 1),
}


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
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(parsed, name) <= most:
            raise RuleError(f"{name} must lie between {least} and {most}.")
    if 0 < parsed.max_length_ratio < 1:
        raise RuleError("max_length_ratio must be at least 1: the longer answer is never shorter.")
    if errors := filter_errors(parsed.responses):
        raise RuleError(f"responses cannot be used as a filter: {errors[0]}")
    return parsed


def filter_errors(query: str) -> list[str]:
    """What is wrong with a filter of responses, as it stands in the address of their list. A search is refused: it
    looks at the newest ones only, so that a rule would ask something else each day.
    """
    given = QueryDict(query)
    found = StrictResponseFilter(given, queryset=Response.objects.none())
    told = [f"{name}: {message}" for name, some in found.errors.items() for message in some]
    return told + [f"{name}: This cannot be part of a rule." for name in ("q", *sorted(BESIDE)) if given.get(name)]


def matching(query: str, rows: Any) -> Any:
    """Those of these responses that a filter keeps, decided by the FilterSet of their list."""
    return StrictResponseFilter(QueryDict(query), queryset=rows).qs


def parse_shares(shares: dict[str, Any]) -> dict[str, float]:
    """Shares of the splits, in the order train, validation, test. Raises RuleError."""
    unknown = set(shares) - set(Split.values)
    if unknown:
        raise RuleError(f"Unknown split {sorted(unknown)[0]!r}; splits are train, validation and test.")
    values = {name: float(shares.get(name, 0)) for name in Split.values}
    if min(values.values()) < 0 or abs(sum(values.values()) - 1) > 1e-9:
        raise RuleError("The shares of the splits must be positive and add up to 1.")
    return values
