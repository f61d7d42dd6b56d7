"""Building a version: bounds and splits, then blocks of verdicts into frozen rows, then the sums.

Each step runs in one transaction with its cursor (feedback/jobs.py), so a build that was killed goes on where it was.
Rows are written once and never changed: their split must be known first, so splits are given to connected groups before
any row.
"""

from __future__ import annotations

import hashlib
from typing import Any

from feedback.among import Among
from feedback.datasets import groups, provenance, statistics
from feedback.datasets.models import DatasetVersion, PreferencePair, VersionRow
from feedback.datasets.pairs import Candidate, candidates
from feedback.datasets.rule import Rule, RuleError, parse, parse_shares
from feedback.datasets.sift import sift
from feedback.datasets.snapshot import Judged, clock, load, siblings, standing
from feedback.datasets.storing import store
from feedback.jobs import JobRefused
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
    version.cursor["newest"] = max((pk for ids in blocks for pk in ids), default=0)
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
    statistics.add_rated(sums, (data for _, _, data in cases))


def cases_of(version: DatasetVersion, judged: list[Judged]) -> list[Fact]:
    keys = [one.responses[0].keys for one in judged]
    splits = groups.splits_of(version.dataset, [key for own in keys for key in own])
    return [
        (str(one.verdict.pk), "", {**provenance.case(one), "split": groups.split_of(own, splits)})
        for one, own in zip(judged, keys, strict=True)
    ]


def add_pairs(version: DatasetVersion, rule: Rule, found: list[Candidate]) -> None:
    """Freeze the candidates that hold as pairs, the others with their reason."""
    sums = version.cursor["sums"]
    splits = groups.splits_of(version.dataset, [key for candidate in found for key in candidate.keys])
    kept, left_out = sift(found, rule, splits, lambda names: stored(version, names))
    place = {"project_id": version.project_id, "version_id": version.pk}
    pairs = [one.pair(**place, position=position) for position, one in enumerate(kept, sums["pairs"])]
    store(PreferencePair, [{name: getattr(one, name) for name in COLUMNS} for one in pairs])
    statistics.add_pairs(sums, pairs)
    for one in pairs:
        version.cursor["hash"] = chained(version.cursor["hash"], {name: getattr(one, name) for name in HASHED})
    facts: list[Fact] = [(c.key, c.reason, provenance.of_excluded(c)) for c in left_out]
    add_rows(version, Kind.EXCLUDED, sum(sums["excluded"].values()), facts)
    for _, reason, _ in facts:
        statistics.count(sums["excluded"], reason)


def stored(version: DatasetVersion, names: set[str]) -> set[str]:
    """Which of these ids are pairs of the version already."""
    return set(version.pairs.filter(Among("pair_id", names)).values_list("pair_id", flat=True))


def add_rows(version: DatasetVersion, kind: str, start: int, rows: list[Fact]) -> None:
    """Append frozen rows of one kind."""
    shared = {"project_id": version.project_id, "version_id": version.pk, "kind": kind}
    store(
        VersionRow,
        [
            {**shared, "position": position, "key": key, "reason": reason, "data": data}
            for position, (key, reason, data) in enumerate(rows, start)
        ],
    )


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
    kept = {"leading": sums["leading"], "rated": sums.get("rated", {})}
    version.cursor = {"as_of": cursor["as_of"], "newest": cursor.get("newest", 0), **kept}


HASHED = (
    "position", "pair_id", "group_id", "split", "source", "criterion", "prompt", "chosen", "rejected", "tools",
    "n_votes", "votes_for", "votes_against", "votes_tied", "vote_share", "strength", "provenance",
)  # fmt: skip


COLUMNS = [field.attname for field in PreferencePair._meta.concrete_fields if not field.primary_key]


def chained(before: str, values: dict[str, Any]) -> str:
    """SHA-256 over the hash before and the pair's canonical JSON: equal on both databases, and counted row by row."""
    return hashlib.sha256(f"{before}\n{canonical_json(values)}".encode()).hexdigest()


def rows_hash(version: DatasetVersion) -> str:
    """The same chain over the rows as they are stored."""
    chain = ""
    for values in version.pairs.order_by("position").values(*HASHED).iterator(chunk_size=500):
        chain = chained(chain, values)
    return chain or hashlib.sha256().hexdigest()
