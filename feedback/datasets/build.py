"""Building a version: bounds and splits, then blocks of verdicts into frozen rows, then the sums.

Each step runs in one transaction with its cursor (feedback/jobs.py), so a build that was killed goes on where it was.
Rows are written once and never changed: their split must be known first, so splits are given to connected groups before
any row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from feedback.datasets import groups, provenance, statistics
from feedback.datasets.models import DatasetVersion, PreferencePair, VersionRow
from feedback.datasets.pairs import Candidate, candidates, pair_id, row_of
from feedback.datasets.rule import Rule, RuleError, parse, parse_shares
from feedback.datasets.snapshot import Judged, clock, load, siblings, standing
from feedback.jobs import JobRefused
from feedback.responses.insert import copy
from feedback.text.canonical import canonical_json

Kind = VersionRow.Kind
Fact = tuple[str, str, dict[str, Any]]  # key, reason, data


def step(version: DatasetVersion) -> bool:
    """One block of the build; True when the version is complete."""
    try:
        rule, shares = parse(version.rule["rule"]), parse_shares(version.rule["shares"])
    except RuleError as error:
        raise JobRefused(str(error)) from error
    if not version.cursor:
        begin(version, rule, shares)
        return False
    block = version.rows.filter(kind=Kind.VERDICTS, position=version.cursor["block"]).first()
    if block is None:
        seal(version)
        return True
    write(version, rule, load(block.data["ids"]))
    version.cursor["block"] += 1
    version.done += len(block.data["ids"])
    return False


def begin(version: DatasetVersion, rule: Rule, shares: dict[str, float]) -> None:
    """Freeze which verdicts count, and put every connected group into a split."""
    version.cursor = {"as_of": clock(version.project), "block": 0, "hash": "", "sums": statistics.empty()}
    blocks, components = standing(version.project_id, rule)
    version.total = sum(map(len, blocks))
    groups.assign(version, components, shares)
    add_rows(version, Kind.VERDICTS, 0, [(str(ids[0]), "", {"ids": ids}) for ids in blocks])


def write(version: DatasetVersion, rule: Rule, judged: list[Judged]) -> None:
    """The rows of a block: pairs and what was left out, raw votes, and cases for a prompt revision."""
    sums = version.cursor["sums"]
    found = [candidate for one, earlier in siblings(judged) for candidate in candidates(one, earlier, rule)]
    add_pairs(version, rule, found)
    compared = [(key, "", data) for one in judged for key, data in provenance.comparisons(one)]
    add_rows(version, Kind.VOTES, sums["comparisons"], compared)
    statistics.add_votes(sums, (data["votes"] for _, _, data in compared))
    cases = cases_of(version, [one for one in judged if len(one.responses) == 1 and one.verdict.is_failure is not None])
    add_rows(version, Kind.CASE, sums["cases"], cases)
    sums["cases"] += len(cases)


def cases_of(version: DatasetVersion, judged: list[Judged]) -> list[Fact]:
    keys = [groups.keys_of(one.responses[0]) for one in judged]
    splits = groups.splits_of(version.dataset, [key for own in keys for key in own])
    return [
        (str(one.verdict.pk), "", {**provenance.case(one), "split": groups.split_of(own, splits)})
        for one, own in zip(judged, keys, strict=True)
    ]


def add_pairs(version: DatasetVersion, rule: Rule, found: list[Candidate]) -> None:
    """Freeze the candidates that hold as pairs, the others with their reason."""
    sums = version.cursor["sums"]
    rows = [row_of(candidate, rule) for candidate in found]
    splits = groups.splits_of(version.dataset, [key for candidate in found for key in candidate.keys])
    for candidate in found:
        if not candidate.reason and not groups.split_of(candidate.keys, splits):
            candidate.reason = "joins_two_splits"
    names = refuse_repeated(version, found, rows)
    kept = [at for at, candidate in enumerate(found) if not candidate.reason]
    pairs = [
        pair(version, found[at], rows[at], names[at], groups.split_of(found[at].keys, splits), sums["pairs"] + position)
        for position, at in enumerate(kept)
    ]
    store(PreferencePair, pairs)
    statistics.add_pairs(sums, pairs)
    for one in pairs:
        version.cursor["hash"] = chained(version.cursor["hash"], {name: getattr(one, name) for name in HASHED})
    left_out: list[Fact] = [(c.key, c.reason, provenance.of_excluded(c)) for c in found if c.reason]
    add_rows(version, Kind.EXCLUDED, sum(sums["excluded"].values()), left_out)
    for _, reason, _ in left_out:
        statistics.count(sums["excluded"], reason)


def refuse_repeated(version: DatasetVersion, found: list[Candidate], rows: list[dict[str, Any]]) -> dict[int, str]:
    """Leave out what the version has already, or has the other way round; the ids of what is left, by place."""
    names = {at: pair_id(rows[at]) for at, candidate in enumerate(found) if not candidate.reason}
    turned = {at: pair_id(rows[at], reverse=True) for at in names}
    known = set(version.pairs.filter(pair_id__in={*names.values(), *turned.values()}).values_list("pair_id", flat=True))
    here = set(names.values())
    for at, name in names.items():
        if turned[at] in here or turned[at] in known:
            found[at].reason = "contradicted"
        elif name in known:
            found[at].reason = "duplicate"
        known.add(name)
    return names


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


def add_rows(version: DatasetVersion, kind: str, start: int, rows: list[Fact]) -> None:
    """Append frozen rows of one kind."""
    shared: dict[str, Any] = {"project_id": version.project_id, "version": version, "kind": kind}
    store(
        VersionRow,
        [
            VersionRow(**shared, position=position, key=key, reason=reason, data=data)
            for position, (key, reason, data) in enumerate(rows, start)
        ],
    )


def store(model: type[Model], rows: Sequence[Model]) -> None:
    """COPY on PostgreSQL: quoting megabytes of JSON for an INSERT takes longer than making the rows."""
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows, batch_size=500)
        return
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    copy(model, [{name: getattr(row, name) for name in names} for row in rows])


def seal(version: DatasetVersion) -> None:
    """Counts, statistics and the hash, from what was counted as rows were written."""
    cursor = version.cursor
    sums = cursor["sums"]
    version.counts = {
        "verdicts": version.total,
        "candidates": sums["pairs"] + sum(sums["excluded"].values()),
        "pairs": sums["pairs"],
        "excluded": dict(sorted(sums["excluded"].items())),
        "comparisons": sums["comparisons"],
        "votes": sums["votes"],
        "cases": sums["cases"],
    }
    version.statistics = statistics.summary(sums)
    version.rows_sha256 = cursor["hash"] or hashlib.sha256().hexdigest()
    version.cursor = {"as_of": cursor["as_of"], "leading": sums["leading"]}


HASHED = (
    "position", "pair_id", "group_id", "split", "source", "criterion", "prompt", "chosen", "rejected", "tools",
    "n_votes", "votes_for", "votes_against", "votes_tied", "vote_share", "strength", "provenance",
)  # fmt: skip


def chained(before: str, values: dict[str, Any]) -> str:
    """SHA-256 over the hash before and the pair's canonical JSON: equal on both databases, and counted row by row."""
    return hashlib.sha256(f"{before}\n{canonical_json(values)}".encode()).hexdigest()


def rows_hash(version: DatasetVersion) -> str:
    """The same chain over the rows as they are stored."""
    chain = ""
    for values in version.pairs.order_by("position").values(*HASHED).iterator(chunk_size=500):
        chain = chained(chain, values)
    return chain or hashlib.sha256().hexdigest()
