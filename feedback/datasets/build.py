"""Building a version: bounds, splits, then chunks of verdicts into frozen rows, then the sums.

Each step runs in one transaction with its cursor (feedback/jobs.py), so a build that was killed goes on where it was. Rows are
written once and never changed: their split must be known first, so splits are assigned to connected groups before any row.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from feedback.datasets import groups, provenance
from feedback.datasets.models import DatasetVersion, PreferencePair, VersionRow
from feedback.datasets.pairs import Candidate, candidates, pair_id, row_of
from feedback.datasets.rule import Rule, RuleError, parse, parse_shares
from feedback.datasets.snapshot import Judged, bounds, load, verdicts
from feedback.datasets.statistics import summary
from feedback.jobs import JobRefused
from feedback.judgements.models import Verdict
from feedback.text.canonical import canonical_json

CHUNK = 200  # verdicts a step: well under a second


def step(version: DatasetVersion) -> bool:
    """One chunk of the build; True when the version is complete."""
    try:
        rule, shares = parse(version.rule["rule"]), parse_shares(version.rule["shares"])
    except RuleError as error:
        raise JobRefused(str(error)) from error
    if not version.cursor:
        begin(version, rule, shares)
        return False
    chunk = list(
        verdicts(version.project_id, rule, version.cursor)
        .filter(pk__gt=version.cursor["after"])
        .select_related("subject", "rubric_version__rubric", "rubric_version__guideline__guideline")
        .order_by("pk")[:CHUNK]
    )
    if not chunk:
        seal(version)
        return True
    write(version, rule, load(chunk))
    version.cursor["after"] = chunk[-1].pk
    version.done += len(chunk)
    return False


def begin(version: DatasetVersion, rule: Rule, shares: dict[str, float]) -> None:
    """Freeze the bounds and put every connected group into a split."""
    cursor = bounds(version.project)
    judged = verdicts(version.project_id, rule, cursor)
    version.total = judged.count()
    groups.assign(version, groups.connected(judged), shares)
    version.cursor = {**cursor, "after": 0, "pairs": 0, "excluded": 0, "votes": 0, "cases": 0}


def write(version: DatasetVersion, rule: Rule, chunk: list[Judged]) -> None:
    """The rows of some verdicts: pairs and what was left out, raw votes, and cases for a prompt revision."""
    earlier = earlier_siblings(version, rule, chunk) if rule.rating_criterion else {}
    found = [c for judged in chunk for c in candidates(judged, earlier.get(judged.verdict.pk, []), rule)]
    add_pairs(version, rule, found)
    votes = [row for judged in chunk for row in provenance.votes(judged)]
    add_rows(version, VersionRow.Kind.VOTE, "votes", [(key, "", data) for key, data in votes])
    cases = [j for j in chunk if len(j.responses) == 1 and j.verdict.is_failure is not None]
    splits = splits_of_keys(version, [key for j in cases for key in groups.keys_of(j.responses[0])])
    rows = []
    for judged in cases:
        own = {splits[key] for key in groups.keys_of(judged.responses[0]) if key in splits}
        split = own.pop() if len(own) == 1 else ""
        rows.append((str(judged.verdict.pk), "", {**provenance.case(judged), "split": split}))
    add_rows(version, VersionRow.Kind.CASE, "cases", rows)


def splits_of_keys(version: DatasetVersion, keys: list[groups.Key]) -> dict[groups.Key, str]:
    return groups.splits_of(version.dataset, keys)


def earlier_siblings(version: DatasetVersion, rule: Rule, chunk: list[Judged]) -> dict[int, list[Judged]]:
    """For each verdict, those with a smaller id on another response to the same input, same rubric version and origin."""
    singles = [judged for judged in chunk if len(judged.responses) == 1]
    inputs = {judged.verdict.subject.input_hash for judged in singles}
    rows = verdicts(version.project_id, rule, version.cursor).filter(subject__input_hash__in=inputs, subject__size=1)
    full = rows.select_related("subject", "rubric_version__rubric", "rubric_version__guideline__guideline")
    pool = load(list(full.order_by("pk")))

    def kin(one: Verdict) -> tuple[str, int, str]:
        return one.subject.input_hash, one.rubric_version_id, one.origin

    return {
        judged.verdict.pk: [o for o in pool if kin(o.verdict) == kin(judged.verdict) and o.verdict.pk < judged.verdict.pk]
        for judged in singles
    }


def add_pairs(version: DatasetVersion, rule: Rule, found: list[Candidate]) -> None:
    """Freeze the candidates that hold as pairs, the others with their reason."""
    rows = [row_of(candidate, rule) for candidate in found]
    splits = splits_of_keys(version, [key for candidate in found for key in candidate.keys])
    ids = [pair_id(row) for row in rows]
    known = set(PreferencePair.objects.filter(version=version, pair_id__in=ids).values_list("pair_id", flat=True))
    pairs, excluded = [], []
    for candidate, row, name in zip(found, rows, ids, strict=True):
        own = {splits.get(key, "") for key in candidate.keys}
        if not candidate.reason and (len(own) > 1 or "" in own):
            candidate.reason = "joins_two_splits"
        if not candidate.reason and name in known:
            candidate.reason = "duplicate"
        if candidate.reason:
            data = {"source": candidate.source, "criterion": candidate.criterion, **provenance.of_pair(candidate)}
            excluded.append((candidate.key, candidate.reason, data))
            continue
        known.add(name)
        pairs.append(pair(version, candidate, row, name, own.pop(), version.cursor["pairs"] + len(pairs)))
    PreferencePair.objects.bulk_create(pairs, batch_size=200)
    version.cursor["pairs"] += len(pairs)
    add_rows(version, VersionRow.Kind.EXCLUDED, "excluded", excluded)


def pair(
    version: DatasetVersion, candidate: Candidate, row: dict[str, Any], name: str, split: str, position: int
) -> PreferencePair:
    return PreferencePair(
        project_id=version.project_id,
        version=version,
        position=position,
        pair_id=name,
        group_id=groups.group_id(candidate.keys),
        split=split,
        source=candidate.source,
        criterion=candidate.criterion,
        verdict=candidate.judged.verdict,
        chosen_response=None if candidate.correction else candidate.chosen,
        rejected_response=candidate.rejected,
        n_votes=candidate.n_votes,
        votes_for=candidate.votes_for,
        votes_against=candidate.votes_against,
        votes_tied=candidate.votes_tied,
        vote_share=candidate.vote_share,
        strength=candidate.strength,
        provenance=provenance.of_pair(candidate),
        **row,
    )


def add_rows(version: DatasetVersion, kind: str, counter: str, rows: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Append frozen rows (key, reason, data) of one kind, and move its counter."""
    start = version.cursor[counter]
    VersionRow.objects.bulk_create(
        [
            VersionRow(project_id=version.project_id, version=version, kind=kind, position=start + i, key=key, reason=reason, data=data)
            for i, (key, reason, data) in enumerate(rows)
        ],
        batch_size=200,
    )
    version.cursor[counter] += len(rows)


def seal(version: DatasetVersion) -> None:
    """Counts, statistics and the hash over all pairs in order."""
    cursor = version.cursor
    excluded = version.rows.filter(kind=VersionRow.Kind.EXCLUDED).values_list("reason", flat=True)
    by_reason = Counter(excluded.iterator(chunk_size=5000))
    version.counts = {
        "candidates": cursor["pairs"] + cursor["excluded"],
        "pairs": cursor["pairs"],
        "excluded": dict(sorted(by_reason.items())),
        "votes": cursor["votes"],
        "cases": cursor["cases"],
    }
    version.statistics = summary(version)
    version.rows_sha256 = rows_hash(version)


HASHED = ("pair_id", "group_id", "split", "prompt", "chosen", "rejected", "tools", "n_votes", "votes_for", "votes_against",
          "votes_tied", "vote_share", "strength", "provenance")  # fmt: skip


def rows_hash(version: DatasetVersion) -> str:
    """SHA-256 of the canonical JSON of every pair, one a line, in order: equal on both databases."""
    sha = hashlib.sha256()
    for values in version.pairs.order_by("position").values(*HASHED).iterator(chunk_size=500):
        sha.update((canonical_json(values) + "\n").encode())
    return sha.hexdigest()

