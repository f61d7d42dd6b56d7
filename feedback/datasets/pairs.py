"""Preference pairs from settled judgements. A candidate becomes a pair or is left out with exactly one reason.

The checks are made in the order of `REASONS`, so that the reason named is always the first that applies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from feedback.datasets import conversation, groups
from feedback.datasets.models import PreferencePair
from feedback.datasets.rule import Rule
from feedback.datasets.snapshot import Judged
from feedback.judgements.models import Correction
from feedback.responses.models import Response
from feedback.text.hashes import digest, fold

Source = PreferencePair.Source

REASONS = {
    "tie": "as many votes for each, or most said they are equal",
    "both_bad": "most found neither acceptable",
    "too_few_votes": "fewer votes than the rule asks",
    "low_share": "the chosen one has too small a share of the votes",
    "low_strength": "preferred too weakly",
    "small_difference": "the ratings are too close",
    "no_consent": "consent for training is not recorded for both responses",
    "different_prompts": "the two answered different prompts",
    "different_system_prompts": "the two answered under different system prompts",
    "prompt_not_open": "the prompt does not close with a user or tool turn",
    "blank": "one of the two is empty",
    "same_text": "the two say the same",
    "joins_two_splits": "it would connect two splits that were published apart",
    "duplicate": "the same pair is in the version already",
}

TOLERANCE = 1e-9  # shares such as 2/3 are compared as floats


@dataclass
class Candidate:
    """What may become a row. `key` names it once per version; `reason` is set when it is left out."""

    key: str
    judged: Judged
    source: str
    criterion: str
    chosen: Response
    rejected: Response
    reason: str = ""
    correction: Correction | None = None
    votes_for: int = 1
    votes_against: int = 0
    votes_tied: int = 0
    strength: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def n_votes(self) -> int:
        return self.votes_for + self.votes_against + self.votes_tied

    @property
    def vote_share(self) -> float:
        return self.votes_for / self.n_votes

    @property
    def keys(self) -> list[groups.Key]:
        return sorted({*groups.keys_of(self.chosen), *groups.keys_of(self.rejected)})


def candidates(judged: Judged, earlier: list[Judged], rule: Rule) -> Iterator[Candidate]:
    """All that this verdict offers. `earlier`: verdicts on other responses to the same input, under the same rubric version."""
    if rule.comparisons:
        yield from from_comparisons(judged, rule)
    if rule.rating_criterion:
        yield from from_ratings(judged, earlier, rule)
    if rule.corrections:
        yield from from_corrections(judged)


def from_comparisons(judged: Judged, rule: Rule) -> Iterator[Candidate]:
    """One candidate per comparison criterion: the settled winner over the response with the next most votes."""
    for criterion, answer in sorted(judged.verdict.answers.items()):
        wanted = not rule.comparison_criteria or criterion in rule.comparison_criteria
        if answer.get("kind") != "comparison" or len(judged.responses) != 2 or not wanted:
            continue
        first, second = judged.responses
        winner = answer.get("preferred")
        chosen, rejected = (second, first) if winner == second.pk else (first, second)
        votes = answer["votes"]
        candidate = Candidate(
            key=f"comparison:{judged.verdict.pk}:{criterion}",
            judged=judged,
            source=Source.COMPARISON,
            criterion=criterion,
            chosen=chosen,
            rejected=rejected,
            votes_for=votes.get(str(chosen.pk), 0),
            votes_against=votes.get(str(rejected.pk), 0),
            votes_tied=votes.get("tie", 0) + votes.get("both_bad", 0),
            strength=answer.get("strength"),
        )
        candidate.reason = {"tie": "tie", "both_bad": "both_bad"}.get(answer.get("outcome") or "tie", "")
        yield gate(candidate, rule)


def from_ratings(judged: Judged, earlier: list[Judged], rule: Rule) -> Iterator[Candidate]:
    """One candidate for each two responses to the same input whose means were settled under the same rubric version."""
    mine = judged.verdict.answers.get(rule.rating_criterion, {})
    if mine.get("kind") != "scale" or mine.get("mean") is None or len(judged.responses) != 1:
        return
    for other in earlier:
        theirs = other.verdict.answers.get(rule.rating_criterion, {})
        if theirs.get("kind") != "scale" or theirs.get("mean") is None:
            continue
        difference = mine["mean"] - theirs["mean"]
        better, worse = (judged, other) if difference >= 0 else (other, judged)
        candidate = Candidate(
            key=f"rating:{other.verdict.pk}:{judged.verdict.pk}:{rule.rating_criterion}",
            judged=judged,
            source=Source.RATING,
            criterion=rule.rating_criterion,
            chosen=better.responses[0],
            rejected=worse.responses[0],
            votes_for=min(mine["n"], theirs["n"]),
            strength=round(abs(difference), 6),
            extra={"means": [max(mine["mean"], theirs["mean"]), min(mine["mean"], theirs["mean"])]},
        )
        if candidate.n_votes < rule.min_votes:
            candidate.reason = "too_few_votes"
        elif abs(difference) + TOLERANCE < rule.min_rating_difference:
            candidate.reason = "small_difference"
        yield candidate


def from_corrections(judged: Judged) -> Iterator[Candidate]:
    """One candidate per rewritten response: the rewrite over the original."""
    responses = {response.pk: response for response in judged.responses}
    for review in judged.reviews:
        for correction in review.corrections.all():
            original = responses[correction.response_id]
            yield Candidate(
                key=f"correction:{correction.pk}",
                judged=judged,
                source=Source.CORRECTION,
                criterion=correction.criterion.key,
                chosen=original,
                rejected=original,
                correction=correction,
            )


def gate(candidate: Candidate, rule: Rule) -> Candidate:
    """Votes, share and strength against the rule."""
    if candidate.reason:
        return candidate
    if candidate.n_votes < rule.min_votes:
        candidate.reason = "too_few_votes"
    elif candidate.vote_share + TOLERANCE < rule.min_share:
        candidate.reason = "low_share"
    elif rule.min_strength and (candidate.strength or 0) + TOLERANCE < rule.min_strength:
        candidate.reason = "low_strength"
    return candidate


def row_of(candidate: Candidate, rule: Rule) -> dict[str, Any]:
    """Prompt, chosen and rejected as messages; sets the candidate's reason when they do not make a pair."""
    chosen, rejected = candidate.chosen, candidate.rejected
    prompt, reason = conversation.common_prompt(chosen, rejected, rule.system_prompts)
    better = (
        [{"role": "assistant", "content": candidate.correction.text}]
        if candidate.correction
        else [conversation.answer(chosen)]
    )
    worse = [conversation.answer(rejected)]
    if rule.requires_consent and not (chosen.consent and rejected.consent):
        reason = "no_consent"
    elif not reason and (not prompt or prompt[-1]["role"] not in {"user", "tool"}):
        reason = "prompt_not_open"
    elif not reason and (conversation.is_blank(better[0]) or conversation.is_blank(worse[0])):
        reason = "blank"
    elif not reason and says_the_same(better[0], worse[0]):
        reason = "same_text"
    candidate.reason = candidate.reason or reason
    tools = chosen.body.tools or []
    return {"prompt": prompt, "chosen": better, "rejected": worse, "tools": tools}


def says_the_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return fold(one["content"] or "") == fold(other["content"] or "") and one.get("tool_calls") == other.get("tool_calls")


def pair_id(row: dict[str, Any]) -> str:
    """The same prompt, chosen and rejected have the same id in every version."""
    return digest([row["prompt"], row["chosen"], row["rejected"]])[:32]
