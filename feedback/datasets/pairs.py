"""Preference pairs from settled judgements. A candidate becomes a pair or is left out with exactly one reason.

The checks are made in the order of `REASONS`, so that the reason named is always the first that applies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from rapidfuzz.distance import Levenshtein

from feedback.datasets import conversation, groups
from feedback.datasets.models import PreferencePair
from feedback.datasets.rule import Rule
from feedback.datasets.snapshot import Answered, Judged
from feedback.judgements.models import Correction
from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics.rankings import places
from feedback.text.hashes import digest, fold
from feedback.text.personal import Scrub, has_any

Source = PreferencePair.Source

REASONS = {
    "tie": "no response had the most votes, or most said they are equal",
    "both_bad": "most found neither acceptable",
    "too_few_votes": "fewer votes than the rule asks",
    "low_share": "the chosen one has too small a share of the votes",
    "low_agreement": "too many of those who preferred one preferred the other",
    "low_reliability": "somebody who voted is right less often than the rule asks, or too little is known of them",
    "low_strength": "preferred too weakly",
    "small_difference": "the ratings are too close",
    "within_spread": "the ratings are too close for how far they spread, or there are too few to tell",
    "raters_disagree": "somebody who rated both did not put the chosen one first",
    "not_matched": "a response is not among those that the rule's filter keeps",
    "licence": "a response's licence is not one that the rule allows",
    "no_consent": "consent for training is not recorded for both responses",
    "different_prompts": "the two answered different prompts",
    "different_system_prompts": "the two answered under different system prompts",
    "different_tools": "the two could call different tools",
    "not_only_text": "the prompt holds more than text",
    "prompt_not_open": "the prompt does not close with a user or tool turn",
    "blank": "one of the two is empty",
    "same_text": "the two say the same",
    "small_edit": "the rewrite changes fewer than three characters",
    "too_short": "the prompt or an answer is shorter than the rule asks",
    "too_long": "the prompt or an answer is longer than the rule allows",
    "too_uneven": "one answer is too many times as long as the other",
    "personal_data": "its texts hold what looks like personal data or a secret",
    "joins_two_splits": "it would connect two splits that were published apart",
    "contradicted": "another judgement prefers the other one",
    "duplicate": "the same pair is in the version already",
    "near_duplicate": "a pair that says nearly the same is in the version already",
    "over_prompt_cap": "the version has as many pairs of this question as the rule allows",
    "over_model_share": "the share of these two models would be larger than the rule allows",
    "over_reviewer_share": "a reviewer's share of the judgements would be larger than the rule allows",
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
    scrub: Scrub | None = None  # what takes personal data out of its texts, unless the rule keeps it

    @property
    def n_votes(self) -> int:
        return self.votes_for + self.votes_against + self.votes_tied

    @property
    def vote_share(self) -> float:
        """0 when nobody voted and a moderator decided."""
        return self.votes_for / self.n_votes if self.n_votes else 0.0

    @property
    def agreement(self) -> float:
        """Share of the votes for one of the two; 0 when nobody preferred any."""
        decided = self.votes_for + self.votes_against
        return self.votes_for / decided if decided else 0.0

    @property
    def keys(self) -> list[groups.Key]:
        return sorted({*self.chosen.keys, *self.rejected.keys})


def candidates(judged: Judged, earlier: list[Judged], rule: Rule) -> Iterator[Candidate]:
    """All that this verdict offers; `earlier`: what was judged of other responses to the same input."""
    if rule.comparisons:
        yield from from_comparisons(judged, rule)
    if rule.rankings:
        yield from from_rankings(judged, rule)
    if rule.rating_criterion:
        yield from from_ratings(judged, earlier, rule)
    if rule.corrections:
        yield from from_corrections(judged)
    if rule.user_feedback:
        yield from from_feedback(judged, earlier)


def from_comparisons(judged: Judged, rule: Rule) -> Iterator[Candidate]:
    """One candidate per comparison criterion that was answered: the settled winner over the other response."""
    if len(judged.responses) != 2:
        return
    for criterion, answer in answered(judged, {"comparison"}, rule):
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


def answered(judged: Judged, kinds: Collection[str], rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settled answers of these kinds that the rule wants and that somebody gave, by criterion."""
    for criterion, answer in sorted(judged.verdict.answers.items()):
        wanted = not rule.comparison_criteria or criterion in rule.comparison_criteria
        decision = answer.get("outcome") or answer.get("value")
        if answer.get("kind") in kinds and wanted and (answer.get("n") or decision):
            yield criterion, answer


def from_rankings(judged: Judged, rule: Rule) -> Iterator[Candidate]:
    """One candidate for each two responses of a settled ranking: the better placed over the other. Those furthest apart
    come first, so that a cap of a question keeps the clearest.
    """
    responses = {response.pk: response for response in judged.responses}
    for criterion, answer in answered(judged, RANKED, rule):
        place = places(answer["value"] or [])
        pairs = [sorted(pair["responses"], key=lambda pk: place.get(pk, 0)) for pair in answer["pairs"]]
        votes = {tuple(sorted(pair["responses"])): pair["votes"] for pair in answer["pairs"]}
        for best, worst in sorted(pairs, key=lambda pair: (place.get(pair[0], 0) - place.get(pair[1], 0), pair)):
            if place and place[best] == place[worst] and answer["kind"] == Criterion.Kind.BEST_WORST:
                continue  # nobody was asked about them
            cast = votes[tuple(sorted((best, worst)))]
            candidate = Candidate(
                key=f"ranking:{judged.verdict.pk}:{criterion}:{min(best, worst)}+{max(best, worst)}",
                judged=judged,
                source=Source.RANKING,
                criterion=criterion,
                chosen=responses[best],
                rejected=responses[worst],
                votes_for=cast[str(best)],
                votes_against=cast[str(worst)],
                votes_tied=cast["tie"],
                extra={"ranked": len(responses), "places": [place.get(best), place.get(worst)]},
            )
            candidate.reason = refused_ranking(candidate, answer, rule)
            yield candidate


def refused_ranking(candidate: Candidate, answer: dict[str, Any], rule: Rule) -> str:
    """Places and votes against the rule. A ranking as a whole may put two in an order for which few of the votes on
    just these two speak: then they are no pair, unless a moderator decided.
    """
    above, below = candidate.extra["places"]
    if above == below:
        return "tie"
    if rule.moderators_decide and answer.get("adjudicated"):
        return ""
    if candidate.votes_for <= max(candidate.votes_against, candidate.votes_tied):
        return "tie"
    return refused_votes(candidate, answer, rule)


def refused_votes(candidate: Candidate, answer: dict[str, Any], rule: Rule) -> str:
    """How many votes, which share of all, and of those for one of the two; and whose."""
    if candidate.n_votes < rule.min_votes:
        return "too_few_votes"
    if candidate.vote_share + TOLERANCE < rule.min_share:
        return "low_share"
    if candidate.agreement + TOLERANCE < rule.min_agreement:
        return "low_agreement"
    return "low_reliability" if is_unreliable(answer, rule) else ""


def refused_comparison(candidate: Candidate, answer: dict[str, Any], rule: Rule) -> str:
    """Outcome, votes, share and strength against the rule."""
    if answer.get("outcome") != "preferred":
        return "both_bad" if answer.get("outcome") == "both_bad" else "tie"
    is_decided = rule.moderators_decide and answer.get("adjudicated")
    if not is_decided and (reason := refused_votes(candidate, answer, rule)):
        return reason
    too_weak = rule.min_strength and (candidate.strength or 0) + TOLERANCE < rule.min_strength
    return "low_strength" if too_weak else ""


def is_unreliable(answer: dict[str, Any], rule: Rule) -> bool:
    """Whether somebody who voted falls below the rule. An answer tells nothing while too little is known of one."""
    return (answer.get("reliability") or 0.0) + TOLERANCE < rule.min_reviewer_reliability


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
        candidate.reason = refused_ratings(candidate, (better, high), (worse, low), rule)
        yield candidate


Side = tuple[Judged, dict[str, Any]]  # a response's judgement and its settled scale


def refused_ratings(candidate: Candidate, better: Side, worse: Side, rule: Rule) -> str:
    """Raters, difference, spread and who rated both against the rule."""
    difference = better[1]["mean"] - worse[1]["mean"]
    if candidate.n_votes < rule.min_votes:
        return "too_few_votes"
    if is_unreliable(better[1], rule) or is_unreliable(worse[1], rule):
        return "low_reliability"
    if difference + TOLERANCE < rule.min_rating_difference:
        return "small_difference"
    if rule.min_rating_spread:
        spread = pooled_sd(better[1], worse[1])
        if spread is None or difference + TOLERANCE < rule.min_rating_spread * spread:
            return "within_spread"
    if rule.raters_agree:
        high, low = (points(judged, rule.rating_criterion) for judged, _ in (better, worse))
        if any(high[rater] <= low[rater] for rater in high.keys() & low.keys()):
            return "raters_disagree"
    return ""


def pooled_sd(one: dict[str, Any], other: dict[str, Any]) -> float | None:
    """√(Σ (n − 1) s² / Σ (n − 1)) of two settled scales; None when neither has two ratings."""
    parts = [(scale["n"] - 1, scale.get("sd") or 0.0) for scale in (one, other) if scale["n"] > 1]
    degrees = sum(n for n, _ in parts)
    return sqrt(sum(n * sd**2 for n, sd in parts) / degrees) if degrees else None


def points(judged: Judged, criterion: str) -> dict[str, float]:
    """What each reviewer gave, by pseudonym."""
    return {
        reviewed.reviewer: number
        for reviewed in judged.reviews
        for pk, number in reviewed.ratings.items()
        if judged.criteria[pk] == criterion
    }


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


def from_feedback(judged: Judged, earlier: list[Judged]) -> Iterator[Candidate]:
    """One candidate for each two judged responses to the same input of which end users scored one above zero and the
    other below, in the same kind of feedback.
    """
    for other in earlier:
        mine, theirs = judged.responses[0].feedback, other.responses[0].feedback
        for kind in sorted(mine.keys() & theirs.keys()):
            if mine[kind] * theirs[kind] >= 0:
                continue
            better, worse = (judged, other) if mine[kind] > 0 else (other, judged)
            yield Candidate(
                key=f"feedback:{other.verdict.pk}:{judged.verdict.pk}:{kind}"[:120],
                judged=better,
                source=Source.FEEDBACK,
                criterion=kind,
                chosen=better.responses[0],
                rejected=worse.responses[0],
                extra={
                    "user_feedback": [one.responses[0].feedback[kind] for one in (better, worse)],
                    "rejected_verdict": worse.verdict.pk,
                },
            )


def row_of(candidate: Candidate, rule: Rule) -> dict[str, Any]:
    """Prompt, chosen and rejected as messages; sets the candidate's reason when they do not make a pair."""
    chosen, rejected = candidate.chosen, candidate.rejected
    prompt, reason = conversation.common_prompt(chosen, rejected, rule.system_prompts)
    better, worse = conversation.answer(chosen), conversation.answer(rejected)
    if candidate.correction:
        better = {"role": "assistant", "content": candidate.correction.text}
    texts = {"prompt": prompt, "chosen": [better], "rejected": [worse]}
    candidate.reason = candidate.reason or refused_responses((chosen, rejected), rule) or reason
    if rule.personal_data != "keep":
        candidate.scrub = Scrub()
    if rule.personal_data == "replace" and candidate.scrub:
        texts = candidate.scrub.value(texts)
    if not candidate.reason:
        two = (texts["chosen"][0], texts["rejected"][0])
        candidate.reason = refused_texts(*two, is_edit=bool(candidate.correction)) or refused_lengths(texts, rule)
    if not candidate.reason and rule.personal_data == "leave_out" and has_any(texts):
        candidate.reason = "personal_data"
    return {**texts, "tools": chosen.tools or []}


def refused_responses(two: tuple[Answered, Answered], rule: Rule) -> str:
    """Filter, licence and consent."""
    if not all(one.is_matched for one in two):
        return "not_matched"
    if rule.licences and not all(one.licence in rule.licences for one in two):
        return "licence"
    return "no_consent" if rule.requires_consent and not all(one.consent for one in two) else ""


def refused_lengths(texts: dict[str, list[conversation.Message]], rule: Rule) -> str:
    """Of the prompt, all turns together, and of the two answers, in characters."""
    prompt, *answers = (sum(len(m["content"] or "") for m in texts[name]) for name in ("prompt", "chosen", "rejected"))
    if prompt < rule.min_prompt_characters or min(answers) < rule.min_answer_characters:
        return "too_short"
    if 0 < rule.max_prompt_characters < prompt or 0 < rule.max_answer_characters < max(answers):
        return "too_long"
    return "too_uneven" if 0 < rule.max_length_ratio * max(1, min(answers)) < max(answers) else ""


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
