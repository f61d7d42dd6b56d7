"""A dataset's rule, its versions and their figures in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from feedback.datasets.models import DatasetVersion, Split
from feedback.datasets.pairs import REASONS
from feedback.datasets.rule import Rule, RuleError, parse

MOST_NAMES = 20  # rows of a table
LABELS = {"preferred": "one was preferred", "tie": "a tie", "both_bad": "both bad", "ranked": "ranked"}
SYSTEM_PROMPTS = {
    "same": "Only pairs whose two responses were made under the same system prompt.",
    "chosen": "System prompts may differ; the pair keeps that of the chosen response.",
    "without": "System prompts may differ; they are left out of the pair.",
}


METHODS = {"consensus": "settled by votes", "adjudicated": "settled by moderators", "imported": "that were imported"}
PERSONAL_DATA = {
    "replace": "Personal data and secrets are replaced by placeholders.",
    "leave_out": "Pairs with personal data or secrets are left out.",
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
    if rule.methods:
        yield f"Only verdicts {' or '.join(METHODS[method] for method in rule.methods)}."
    if rule.responses:
        yield f"Only responses that match {rule.responses}."
    of = f" ({', '.join(rule.comparison_criteria)})" if rule.comparison_criteria else ""
    votes = f"{rule.min_votes} vote{'s' if rule.min_votes > 1 else ''} or more"
    share = share_words(rule.min_share)
    if rule.comparisons:
        yield f"Comparisons{of}: the response with the most votes over the other; {votes}, {share} for it."
        if rule.min_strength:
            yield f"The votes for it say at least {rule.min_strength:g} of 3 in strength on average."
    if rule.rankings:
        yield f"Rankings{of}: of each two responses the better placed over the other; {votes}, {share} for it."
    if rule.comparisons or rule.rankings:
        if rule.min_agreement:
            yield f"Of the votes for one of the two, {rule.min_agreement:.0%} or more are for the chosen one."
        if rule.min_reviewer_reliability:
            yield (
                f"Everybody who voted is right in {rule.min_reviewer_reliability:.0%} of answers or more, as measured"
                " when it was settled."
            )
        if rule.moderators_decide:
            yield "What a moderator settled counts whatever the votes were."
    if rule.rating_criterion:
        points = f"{rule.min_rating_difference:g} point{'' if rule.min_rating_difference == 1 else 's'}"
        yield f"Ratings: of two answers to one input, that whose mean {rule.rating_criterion} is {points} higher."
        if rule.min_rating_spread:
            yield f"The difference is at least {rule.min_rating_spread:g} standard deviations of the two's ratings."
        if rule.raters_agree:
            yield "Everybody who rated both put the chosen one first."
    if rule.corrections:
        yield "Corrections: a reviewer's rewrite over the original."
    if rule.user_feedback:
        yield "Feedback: of two judged answers to one input, that which end users scored above zero over one below."
    yield SYSTEM_PROMPTS[rule.system_prompts]
    if rule.requires_consent:
        yield "Only responses with recorded consent to training."
    if rule.licences:
        yield f"Only responses under {', '.join(rule.licences)}."
    yield from about_texts(rule)
    yield from about_others(rule)


def about_texts(rule: Rule) -> Iterator[str]:
    if rule.personal_data != "keep":
        yield PERSONAL_DATA[rule.personal_data]
    for what, least, most in (
        ("The prompt", rule.min_prompt_characters, rule.max_prompt_characters),
        ("Each answer", rule.min_answer_characters, rule.max_answer_characters),
    ):
        if least or most:
            bounds = [f"{least:,} or more"] * bool(least) + [f"{most:,} at most"] * bool(most)
            yield f"{what} has {', '.join(bounds)} characters."
    if rule.max_length_ratio:
        yield f"The longer answer is at most {rule.max_length_ratio:g} times as long as the shorter one."


def about_others(rule: Rule) -> Iterator[str]:
    if rule.contradictions == "keep":
        yield "Judgements that contradict each other both stay."
    if rule.near_duplicates == "leave_out":
        yield "Of pairs that say nearly the same, the first only."
    if rule.max_per_prompt:
        yield f"At most {rule.max_per_prompt:,} pair{'' if rule.max_per_prompt == 1 else 's'} of one question."
    if rule.max_model_share:
        yield f"No model is chosen over another in more than {rule.max_model_share:.0%} of the pairs."
    if rule.max_reviewer_share:
        yield f"No reviewer has more than {rule.max_reviewer_share:.0%} of the judgements."
    left_out = ["ties"] * (not rule.ties_in_votes) + ["“both bad”"] * (not rule.both_bad_in_votes)
    if left_out:
        yield f"The file of raw votes leaves out what was settled as {' or '.join(left_out)}."


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
        flips(found),
        {
            "label": "Chosen is longer",
            "value": percent(found["chosen_is_longer"]),
            "unit": " %",
            **interval(found.get("length_bias")),
            "note": "far above 50 %, a model may learn to write more",
        },
        {
            "label": "Shown first wins",
            "value": percent(found["first_shown_wins"]),
            "unit": " %",
            **interval(found.get("position_bias")),
            "note": f"of {found['decided_votes']:,} votes; 50 % is no bias",
        },
        {
            "label": "Length of an answer",
            "value": f"{sizes['p50']:,}",
            "unit": " characters",
            "note": f"half are shorter; 99 of 100 below {sizes['p99']:,}",
        },
    ]


def flips(found: dict[str, Any]) -> dict[str, Any]:
    """Versions built before these figures were taken have none."""
    told = found.get("flip_rate") or {}
    note = f"of {told.get('n', 0):,} votes for one of the two contradict the pair"
    return {"label": "Flip rate", "value": percent(told.get("rate")), "unit": " %", **interval(told), "note": note}


def interval(told: dict[str, Any] | None) -> dict[str, str]:
    return {name: percent((told or {}).get(name)) for name in ("low", "high")}


def wins(version: DatasetVersion) -> list[dict[str, Any]]:
    """Tables of who was chosen how often: by model, by prompt version. A name alone tells nothing, and is left out."""
    tables = []
    for title, name in (("By model", "by_model"), ("By prompt version", "by_prompt_version")):
        rows = version.statistics.get(name, [])
        if len(rows) > 1:
            told = [{**row, "pairs": row["chosen"] + row["rejected"], "percent": percent(row["rate"]),
                     **interval(row)} for row in rows[:MOST_NAMES]]  # fmt: skip
            tables.append({"title": title, "key": name, "rows": told, "more": len(rows) - len(told)})
    return tables


def labels(version: DatasetVersion) -> list[dict[str, Any]]:
    """How votes and single judgements are balanced, as shares."""
    found = version.statistics
    tables = []
    for title, name in (("Votes", "labels"), ("Responses judged alone", "outcomes")):
        told, total = found.get(name, {}), sum(found.get(name, {}).values())
        if total:
            rows = [
                {"words": LABELS.get(key, key), "count": n, "percent": percent(n / total)} for key, n in told.items()
            ]
            tables.append({"title": title, "total": total, "rows": rows})
    return tables


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


def bias(found: dict[str, Any], reviewers: list[tuple[str, float]]) -> Iterator[dict[str, str]]:
    """What a trainer should know of the pairs of a preview, one line each."""
    models = list(found["chosen_by_model"].items())[:3]
    told = (
        ("Agreement, mean", percent(found["mean_vote_share"])),
        ("Chosen is longer", percent(found["chosen_is_longer"])),
        ("Shown first wins", percent(found["first_shown_wins"])),
    )
    for label, value in told:
        if value:
            yield {"label": label, "value": f"{value} %"}
    if models:
        yield {"label": "Most often chosen", "value": ", ".join(f"{name or 'unknown'} {n:,}" for name, n in models)}
    if reviewers:
        name, share = reviewers[0]
        yield {"label": "Largest share of one reviewer", "value": f"{share:.0%} ({name})"}
