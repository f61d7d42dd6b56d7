"""A dataset's rule, its versions and their figures in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from feedback.datasets.models import DatasetVersion, Split
from feedback.datasets.pairs import REASONS
from feedback.datasets.rule import Rule, RuleError, parse

SYSTEM_PROMPTS = {
    "same": "Only pairs whose two responses were made under the same system prompt.",
    "chosen": "System prompts may differ; the pair keeps that of the chosen response.",
    "without": "System prompts may differ; they are left out of the pair.",
}


def share_words(share: float) -> str:
    """0.666… → “at least 2 of 3”; a share that is no simple fraction as a percentage."""
    near = Fraction(share).limit_denominator(10)
    if abs(float(near) - share) > 1e-6 or near.numerator == 0:
        return f"at least {share:.0%}"
    if near == 1:
        return "all"
    return "at least half" if near == Fraction(1, 2) else f"at least {near.numerator} of {near.denominator}"


def rule_lines(rule: dict[str, Any]) -> list[str]:
    """What may become a pair, one sentence a line."""
    try:
        return list(sentences(parse(rule)))
    except RuleError as error:
        return [str(error)]


def sentences(rule: Rule) -> Iterator[str]:
    if rule.queues:
        yield f"Only what was judged in {', '.join(rule.queues)}."
    if rule.comparisons:
        of = f" ({', '.join(rule.comparison_criteria)})" if rule.comparison_criteria else ""
        votes = f"{rule.min_votes} vote{'s' if rule.min_votes > 1 else ''} or more"
        share = share_words(rule.min_share)
        yield f"Comparisons{of}: the response with the most votes over the other; {votes}, {share} for it."
        if rule.min_strength:
            yield f"The votes for it say at least {rule.min_strength:g} of 3 in strength on average."
        if rule.moderators_decide:
            yield "What a moderator settled counts whatever the votes were."
    if rule.rating_criterion:
        points = f"{rule.min_rating_difference:g} point{'' if rule.min_rating_difference == 1 else 's'}"
        yield f"Ratings: of two answers to one input, that whose mean {rule.rating_criterion} is {points} higher."
    if rule.corrections:
        yield "Corrections: a reviewer's rewrite over the original."
    yield SYSTEM_PROMPTS[rule.system_prompts]
    if rule.requires_consent:
        yield "Only responses with recorded consent to training."


def share_lines(shares: dict[str, float]) -> list[str]:
    """How the rows are parted, as one sentence."""
    parts = [f"{name} {100 * share:g} %" for name, share in shares.items() if share]
    return [f"Splits: {', '.join(parts)}."] if parts else []


def reasons(excluded: dict[str, int], words: dict[str, str] = REASONS) -> list[dict[str, Any]]:
    """Each reason with its words and count, the most frequent first."""
    rows = sorted(excluded.items(), key=lambda row: (-row[1], row[0]))
    return [{"reason": reason, "words": words.get(reason, reason), "count": count} for reason, count in rows]


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}"


def figures(version: DatasetVersion) -> list[dict[str, Any]]:
    """What a trainer should know, as tiles: label, value, and what it means."""
    found = version.statistics
    if not version.counts.get("pairs"):
        return []
    sizes = found["answer_characters"]
    return [
        {
            "label": "Agreement",
            "value": percent(found["mean_vote_share"]),
            "unit": " %",
            "note": "mean share of votes for the chosen one",
        },
        {
            "label": "Chosen is longer",
            "value": percent(found["chosen_is_longer"]),
            "unit": " %",
            "note": "far above 50 %, a model may learn to write more",
        },
        {
            "label": "Shown first wins",
            "value": percent(found["first_shown_wins"]),
            "unit": " %",
            "note": f"of {found['decided_votes']:,} votes; 50 % is no bias",
        },
        {
            "label": "Length of an answer",
            "value": f"{sizes['p50']:,}",
            "unit": " characters",
            "note": f"half are shorter; 99 of 100 below {sizes['p99']:,}",
        },
    ]


def split_sizes(version: DatasetVersion) -> dict[str, int]:
    """Pairs of each split, in the order of training."""
    sizes = version.statistics.get("by_split", {})
    return {split: sizes[split] for split in Split.values if split in sizes}


def side_by_side(older: DatasetVersion, newer: DatasetVersion) -> list[dict[str, Any]]:
    """The figures of two versions, one a line: label and both values."""
    lines = []
    for told in (counted, measured):
        before, after = dict(told(older)), dict(told(newer))
        lines += [{"label": label, "before": before.get(label), "after": after.get(label)} for label in before | after]
    return lines


def counted(version: DatasetVersion) -> Iterator[tuple[str, str]]:
    counts = version.counts
    for label, name in (("Verdicts read", "verdicts"), ("Candidates", "candidates"), ("Pairs", "pairs")):
        yield label, f"{counts.get(name, 0):,}"
    for split, n in split_sizes(version).items():
        yield f"Pairs in {split}", f"{n:,}"
    for row in reasons(counts.get("excluded", {})):
        yield f"Left out: {row['words']}", f"{row['count']:,}"


def measured(version: DatasetVersion) -> Iterator[tuple[str, str]]:
    for tile in figures(version):
        if tile["value"]:
            yield tile["label"], f"{tile['value']}{tile['unit']}"
