"""Preference pairs from settled judgements. A candidate becomes a pair or is left out with exactly one reason.

The checks are made in the order of `REASONS`, so that the reason named is always the first that applies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from feedback.datasets import conversation, groups
from feedback.datasets.models import PreferencePair
from feedback.datasets.rule import Rule
from feedback.datasets.snapshot import Answered, Judged
from feedback.judgements.models import Correction
from feedback.text.hashes import digest, fold

Source = PreferencePair.Source

REASONS = {
    "tie": "no response had the most votes, or most said they are equal",
    "both_bad": "most found neither acceptable",
    "too_few_votes": "fewer votes than the rule asks",
    "low_share": "the chosen one has too small a share of the votes",
    "low_strength": "preferred too weakly",
    "small_difference": "the ratings are too close",
    "no_consent": "consent for training is not recorded for both responses",
    "different_prompts": "the two answered different prompts",
    "different_system_prompts": "the two answered under different system prompts",
    "different_tools": "the two could call different tools",
    "not_only_text": "the prompt holds more than text",
    "prompt_not_open": "the prompt does not close with a user or tool turn",
    "blank": "one of the two is empty",
    "same_text": "the two say the same",
    "small_edit": "the rewrite changes fewer than three characters",
    "joins_two_splits": "it would connect two splits that were published apart",
    "contradicted": "another judgement prefers the other one",
    "duplicate": "the same pair is in the version already",
}

TOLERANCE = 1e-9  # shares such as 2/3 are compared as floats
SMALLEST_EDIT = 3  # characters, by Levenshtein distance


@dataclass
class Candidate:
    """What may become a row. `key` names it once per version; `reason` is set when it is left out."""

    key: str
    judged: Judged
    source: str
    criterion: str
    chosen: Answered
    rejected: Answered
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
        """0 when nobody voted and a moderator decided."""
        return self.votes_for / self.n_votes if self.n_votes else 0.0

    @property
    def keys(self) -> list[groups.Key]:
        return sorted({*self.chosen.keys, *self.rejected.keys})


def candidates(judged: Judged, earlier: list[Judged], rule: Rule) -> Iterator[Candidate]:
    """All that this verdict offers. `earlier`: the verdicts on other responses to the same input that it is held
    against.
    """
    if rule.comparisons:
        yield from from_comparisons(judged, rule)
    if rule.rating_criterion:
        yield from from_ratings(judged, earlier, rule)
    if rule.corrections:
        yield from from_corrections(judged)


def from_comparisons(judged: Judged, rule: Rule) -> Iterator[Candidate]:
    """One candidate per comparison criterion that was answered: the settled winner over the other response."""
    if len(judged.responses) != 2:
        return
    for criterion, answer in sorted(judged.verdict.answers.items()):
        wanted = not rule.comparison_criteria or criterion in rule.comparison_criteria
        if answer.get("kind") != "comparison" or not wanted or not (answer.get("n") or answer.get("outcome")):
            continue
        first, second = judged.responses
        chosen, rejected = (second, first) if answer.get("preferred") == second.pk else (first, second)
        votes, strength = answer["votes"], answer.get("strength")
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
            strength=None if strength is None else float(strength),
        )
        candidate.reason = refused_comparison(candidate, answer, rule)
        yield candidate


def refused_comparison(candidate: Candidate, answer: dict[str, Any], rule: Rule) -> str:
    """Outcome, votes, share and strength against the rule."""
    if answer.get("outcome") != "preferred":
        return "both_bad" if answer.get("outcome") == "both_bad" else "tie"
    if not (rule.moderators_decide and answer.get("adjudicated")):
        if candidate.n_votes < rule.min_votes:
            return "too_few_votes"
        if candidate.vote_share + TOLERANCE < rule.min_share:
            return "low_share"
    too_weak = rule.min_strength and (candidate.strength or 0) + TOLERANCE < rule.min_strength
    return "low_strength" if too_weak else ""


def from_ratings(judged: Judged, earlier: list[Judged], rule: Rule) -> Iterator[Candidate]:
    """One candidate for each two responses to the same input whose means were settled under the same rubric version."""
    mine = rated(judged, rule)
    if mine is None:
        return
    for other in earlier:
        theirs = rated(other, rule)
        if theirs is None:
            continue
        difference = mine["mean"] - theirs["mean"]
        better, worse = (judged, other) if difference >= 0 else (other, judged)
        high, low = (mine, theirs) if difference >= 0 else (theirs, mine)
        candidate = Candidate(
            key=f"rating:{other.verdict.pk}:{judged.verdict.pk}:{rule.rating_criterion}",
            judged=better,
            source=Source.RATING,
            criterion=rule.rating_criterion,
            chosen=better.responses[0],
            rejected=worse.responses[0],
            votes_for=min(mine["n"], theirs["n"]),
            strength=round(abs(difference), 6),
            extra={
                "means": [high["mean"], low["mean"]],
                "rejected_verdict": worse.verdict.pk,
                "rejected_reviewers": [reviewed.reviewer for reviewed in worse.reviews],
            },
        )
        if candidate.n_votes < rule.min_votes:
            candidate.reason = "too_few_votes"
        elif abs(difference) + TOLERANCE < rule.min_rating_difference:
            candidate.reason = "small_difference"
        yield candidate


def rated(judged: Judged, rule: Rule) -> dict[str, Any] | None:
    """The settled scale of the rule's criterion, if this verdict has one."""
    answer: dict[str, Any] = judged.verdict.answers.get(rule.rating_criterion, {})
    has_mean = answer.get("kind") == "scale" and answer.get("mean") is not None
    return answer if has_mean and len(judged.responses) == 1 else None


def from_corrections(judged: Judged) -> Iterator[Candidate]:
    """One candidate per rewritten response: the rewrite over the original."""
    responses = {response.pk: response for response in judged.responses}
    for reviewed in judged.reviews:
        for correction in reviewed.corrections:
            original = responses[correction.response_id]
            yield Candidate(
                key=f"correction:{correction.pk}",
                judged=judged,
                source=Source.CORRECTION,
                criterion=judged.criteria[correction.criterion_id],
                chosen=original,
                rejected=original,
                correction=correction,
                extra={"rewritten_by": reviewed.reviewer},
            )


def row_of(candidate: Candidate, rule: Rule) -> dict[str, Any]:
    """Prompt, chosen and rejected as messages; sets the candidate's reason when they do not make a pair."""
    chosen, rejected = candidate.chosen, candidate.rejected
    prompt, reason = conversation.common_prompt(chosen, rejected, rule.system_prompts)
    better, worse = conversation.answer(chosen), conversation.answer(rejected)
    if candidate.correction:
        better = {"role": "assistant", "content": candidate.correction.text}
    if rule.requires_consent and not (chosen.consent and rejected.consent):
        reason = "no_consent"
    candidate.reason = candidate.reason or reason or refused_texts(better, worse, is_edit=bool(candidate.correction))
    return {"prompt": prompt, "chosen": [better], "rejected": [worse], "tools": chosen.tools or []}


def refused_texts(better: conversation.Message, worse: conversation.Message, *, is_edit: bool) -> str:
    if conversation.is_blank(better) or conversation.is_blank(worse):
        return "blank"
    if better.get("tool_calls") != worse.get("tool_calls"):
        return ""
    if fold(better["content"]) == fold(worse["content"]):
        return "same_text"
    if (
        is_edit
        and Levenshtein.distance(better["content"], worse["content"], score_cutoff=SMALLEST_EDIT) < SMALLEST_EDIT
    ):
        return "small_edit"
    return ""


def pair_id(row: dict[str, Any], *, reverse: bool = False) -> str:
    """The same prompt, chosen and rejected have the same id in every version."""
    two = [row["rejected"], row["chosen"]] if reverse else [row["chosen"], row["rejected"]]
    return digest([row["prompt"], *two])[:32]
