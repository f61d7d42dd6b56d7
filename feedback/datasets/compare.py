"""What changed between two versions of a dataset: pairs that came, went or were judged otherwise, and why.

A pair is known by its id, which is made of prompt, chosen and rejected text. Lists go in the order of ids, which the
index of a version's pairs holds, so that a page costs the same whatever the size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

from feedback.datasets.models import DatasetVersion, PreferencePair, VersionRow
from feedback.datasets.pairs import REASONS
from feedback.datasets.rule import RuleError, parse
from feedback.datasets.succession import WHY
from feedback.datasets.wording import rule_lines, share_lines
from feedback.judgements.models import Correction

COUNTED = 10_000
EXPLAINED = 500  # pairs whose reasons are counted
JUDGED = ("n_votes", "votes_for", "votes_against", "votes_tied", "source", "criterion", "verdict_id")
KINDS = ("added", "removed", "changed")  # the first that has any is shown first

Pairs = QuerySet[PreferencePair]


def pairs_of_kind(kind: str, older: DatasetVersion, newer: DatasetVersion) -> Pairs:
    """Added and changed ones as they are in the newer version, removed ones as they were in the older."""
    here, there = (older, newer) if kind == "removed" else (newer, older)
    same = PreferencePair.objects.filter(version=there, pair_id=OuterRef("pair_id"))
    if kind == "changed":
        other = Q()
        for name in JUDGED:
            other |= ~Q(**{name: OuterRef(name)})
        same = same.annotate(weight=Coalesce(F("strength"), -1.0)).filter(
            other | ~Q(weight=Coalesce(OuterRef("strength"), -1.0))
        )
    matched = Exists(same)
    return here.pairs.filter(matched if kind == "changed" else ~matched).order_by("pair_id")


def totals(older: DatasetVersion, newer: DatasetVersion) -> dict[str, dict[str, Any]]:
    """How many of each kind, counted up to COUNTED, and the reasons of the first of those that came or went."""
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        rows = pairs_of_kind(kind, older, newer)
        count = rows[: COUNTED + 1].count()
        found[kind] = {"count": min(count, COUNTED), "is_more": count > COUNTED, "reasons": []}
        if kind != "changed" and count:
            some = list(rows.select_related("verdict")[:EXPLAINED])
            told = Counter(why(some, newer if kind == "removed" else older).values())
            found[kind]["reasons"] = [{"words": words, "count": n} for words, n in told.most_common()]
            found[kind]["is_partial"] = count > EXPLAINED
    return found


def counterparts(pairs: Iterable[PreferencePair], version: DatasetVersion) -> dict[str, PreferencePair]:
    """The same pairs in another version, by id."""
    return {pair.pair_id: pair for pair in version.pairs.filter(pair_id__in=[pair.pair_id for pair in pairs])}


def why(pairs: list[PreferencePair], absent_from: DatasetVersion) -> dict[int, str]:
    """Why each of these is not in that version: by primary key, in words. `verdict` is loaded."""
    names = names_of(pairs)
    wanted = {name for some in names.values() for name in some}
    rows = absent_from.rows.filter(kind=VersionRow.Kind.EXCLUDED, key__in=wanted).values_list("key", "reason")
    reasons = dict(rows)
    ids = [pair.pair_id for pair in pairs]
    gone = dict(absent_from.rows.filter(kind=VersionRow.Kind.GONE, key__in=ids).values_list("key", "reason"))
    as_of = parse_datetime(absent_from.cursor.get("as_of") or "")
    found = {}
    for pair in pairs:
        reason = next((reasons[name] for name in names[pair.pk] if name in reasons), "")
        if pair.pair_id in gone:
            found[pair.pk] = WHY.get(gone[pair.pair_id], gone[pair.pair_id])
        else:
            found[pair.pk] = (
                f"left out: {REASONS.get(reason, reason)}" if reason else elsewhere(pair, absent_from, as_of)
            )
    return found


def elsewhere(pair: PreferencePair, version: DatasetVersion, as_of: Any) -> str:
    """Why that version did not even look at the pair."""
    verdict = pair.verdict
    if as_of and verdict.created_at > as_of:
        return "settled only afterwards"
    if as_of and verdict.superseded_at and verdict.superseded_at <= as_of:
        return "its verdict was replaced by another one"
    try:
        rule = parse(version.rule.get("rule", {}))
    except RuleError:
        return "its rule asked for something else"
    if rule.queues and verdict.origin not in rule.queues:
        return "its queue was not part of the rule"
    if rule.methods and verdict.method not in rule.methods:
        return "its rule did not take verdicts that were settled in this way"
    asked = {
        "comparison": rule.comparisons and (not rule.comparison_criteria or pair.criterion in rule.comparison_criteria),
        "ranking": rule.rankings and (not rule.comparison_criteria or pair.criterion in rule.comparison_criteria),
        "rating": rule.rating_criterion == pair.criterion,
        "correction": rule.corrections,
        "feedback": rule.user_feedback,
    }
    if not asked[pair.source]:
        return f"its rule did not take {pair.source}s of “{pair.criterion}”"
    return "its texts or its judgement were different"


def names_of(pairs: list[PreferencePair]) -> dict[int, list[str]]:
    """What the candidate behind each pair is called in any version (see pairs.py)."""
    corrections = correction_names([pair for pair in pairs if pair.source == PreferencePair.Source.CORRECTION])
    found = {}
    for pair in pairs:
        other = pair.provenance.get("rejected_verdict")
        names = {
            "comparison": [f"comparison:{pair.verdict_id}:{pair.criterion}"],
            "ranking": [f"ranking:{pair.verdict_id}:{pair.criterion}:{two_of(pair)}"],
            "rating": [
                f"rating:{other}:{pair.verdict_id}:{pair.criterion}",
                f"rating:{pair.verdict_id}:{other}:{pair.criterion}",
            ],
            "feedback": [
                f"feedback:{other}:{pair.verdict_id}:{pair.criterion}",
                f"feedback:{pair.verdict_id}:{other}:{pair.criterion}",
            ],
            "correction": corrections.get((pair.verdict_id, pair.rejected_response_id, pair.criterion), []),
        }
        found[pair.pk] = names[pair.source]
    return found


def two_of(pair: PreferencePair) -> str:
    """The two responses as the name of a candidate has them, the older first."""
    return "+".join(str(pk) for pk in sorted(filter(None, (pair.chosen_response_id, pair.rejected_response_id))))


def correction_names(pairs: list[PreferencePair]) -> dict[tuple[int, int, str], list[str]]:
    """By verdict, response and criterion, one statement for all."""
    verdicts = {pk: pair.verdict_id for pair in pairs for pk in pair.verdict.review_ids}
    found: dict[tuple[int, int, str], list[str]] = {}
    if not verdicts:
        return found
    rows = Correction.objects.filter(review__in=verdicts).values_list("pk", "review", "response", "criterion__key")
    for pk, review, response, criterion in rows:
        found.setdefault((verdicts[review], response, criterion), []).append(f"correction:{pk}")
    return found


def rule_changes(older: DatasetVersion, newer: DatasetVersion) -> dict[str, list[str]]:
    """The sentences that only one of the two rules has."""
    before, after = (
        [*rule_lines(version.rule.get("rule", {})), *share_lines(version.rule.get("shares", {}))]
        for version in (older, newer)
    )
    return {
        "before": [line for line in before if line not in after],
        "after": [line for line in after if line not in before],
    }
