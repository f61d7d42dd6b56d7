"""Building a version: bounds and splits, then blocks of verdicts into frozen rows, then the sums.

Each step runs in one transaction with its cursor (feedback/jobs.py), so a build that was killed goes on where it was.
Rows are written once and never changed: their split must be known first, so splits are given to connected groups before
any row.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from feedback.among import Among
from feedback.datasets import balance, groups, near, provenance, statistics
from feedback.datasets.announce import version_ready
from feedback.datasets.chain import HASHED, chained
from feedback.datasets.models import DatasetVersion, PairNote, PreferencePair, VersionRow
from feedback.datasets.pairs import Candidate, candidates
from feedback.datasets.rule import Rule, RuleError, parse, parse_shares
from feedback.datasets.sift import HELD_AGAINST, Heard, sift
from feedback.datasets.snapshot import Judged, clock, load, siblings, standing
from feedback.datasets.storing import store
from feedback.jobs import JobRefused

Kind = VersionRow.Kind
Fact = tuple[str, str, dict[str, Any]]  # key, reason, data
COLUMNS = [field.attname for field in PreferencePair._meta.concrete_fields if not field.primary_key]


def step(version: DatasetVersion) -> bool:
    """One block of the build; True when the version is complete."""
    try:
        rule, shares = parse(version.rule["rule"]), parse_shares(version.rule["shares"])
    except RuleError as error:
        raise JobRefused(str(error)) from error
    if "block" not in version.cursor:
        if looked(version):
            begin(version, rule, shares)
        return False
    block = version.rows.filter(kind=Kind.VERDICTS, position=version.cursor["block"]).first()
    if block is None:
        if rule.is_balanced and balance.go_on(version, rule):
            return False
        version.notes.all().delete()
        seal(version)
        return True
    write(version, rule, load(block.data["ids"], rule))
    version.cursor["block"] += 1
    version.done += len(block.data["ids"])
    return False


def prepare(version: DatasetVersion) -> near.Looked | None:
    """Before a step, outside of its transaction: what questions say is read before the build begins."""
    return near.prepare(version) if "block" not in version.cursor else None


def looked(version: DatasetVersion) -> bool:
    """Keep the sketches that were made; True when all verdicts were looked at."""
    found: near.Looked = version.prepared
    near.keep(version.project_id, found.sketches)
    version.cursor["looked"] = found.last
    return found.is_all


def begin(version: DatasetVersion, rule: Rule, shares: dict[str, float]) -> None:
    """Freeze which verdicts count, and put every connected group into a split. Where a verdict has come meanwhile whose
    question nobody has looked at, that is done first: outside of a transaction once, then here, for verdicts may come
    as fast as steps do.
    """
    as_of = clock(version.project)
    blocks, components = standing(version.project_id, rule)
    missing = groups.connect_near(version.project_id, components)
    if missing and "missing" in version.cursor:
        near.look_at(version.project_id, missing)
        missing = groups.connect_near(version.project_id, components)
    if missing:
        version.cursor["missing"] = missing[: near.LOOKED_AT]
        return
    version.cursor = {"as_of": as_of, "block": 0, "hash": "", "sums": statistics.empty()}
    version.total = sum(map(len, blocks))
    version.cursor["newest"] = max((pk for ids in blocks for pk in ids), default=0)
    groups.assign(version, components, shares)
    add_rows(version, Kind.VERDICTS, 0, [(str(ids[0]), "", {"ids": ids}) for ids in blocks])


def write(version: DatasetVersion, rule: Rule, judged: list[Judged]) -> None:
    """The rows of a block: pairs and what was left out, raw votes, and cases for a prompt revision."""
    sums = version.cursor["sums"]
    found = [candidate for one, earlier in siblings(judged) for candidate in candidates(one, earlier, rule)]
    add_pairs(version, rule, found)
    compared = compared_of(version, rule, judged)
    add_rows(version, Kind.VOTES, sums["comparisons"], compared)
    statistics.add_votes(sums, (data["votes"] for _, _, data in compared))
    cases = cases_of(
        version, rule, [one for one in judged if len(one.responses) == 1 and one.verdict.is_failure is not None]
    )
    add_rows(version, Kind.CASE, sums["cases"], cases)
    sums["cases"] += len(cases)
    statistics.add_rated(sums, (data for _, _, data in cases))


def compared_of(version: DatasetVersion, rule: Rule, judged: list[Judged]) -> list[Fact]:
    """Raw votes, with the split that their responses are in, so that files can leave the test split out."""
    keys = [[key for response in one.responses for key in response.keys] for one in judged]
    splits = groups.splits_of(version.dataset, [key for own in keys for key in own])
    return [
        (key, "", {**scrubbed(data, rule), "split": groups.split_of(own, splits)})
        for one, own in zip(judged, keys, strict=True)
        for key, data in provenance.comparisons(one)
        if provenance.is_in_votes(data, rule)
    ]


def scrubbed(data: dict[str, Any], rule: Rule) -> dict[str, Any]:
    return data if rule.personal_data == "keep" else provenance.scrubbed(data)


def cases_of(version: DatasetVersion, rule: Rule, judged: list[Judged]) -> list[Fact]:
    keys = [one.responses[0].keys for one in judged]
    splits = groups.splits_of(version.dataset, [key for own in keys for key in own])
    return [
        (str(one.verdict.pk), "", {**scrubbed(provenance.case(one), rule), "split": groups.split_of(own, splits)})
        for one, own in zip(judged, keys, strict=True)
    ]


def add_pairs(version: DatasetVersion, rule: Rule, found: list[Candidate]) -> None:
    """Freeze the candidates that hold as pairs, the others with their reason."""
    sums = version.cursor["sums"]
    splits = groups.splits_of(version.dataset, [key for candidate in found for key in candidate.keys])
    kept, left_out = sift(found, rule, splits, Stored(version))
    place = {"project_id": version.project_id, "version_id": version.pk}
    pairs = [one.pair(**place, position=position) for position, one in enumerate(kept, sums["pairs"])]
    store(PreferencePair, [{name: getattr(one, name) for name in COLUMNS} for one in pairs])
    if rule.remembers:
        store(PairNote, [{**place, **one.note(), "position": at} for at, one in enumerate(kept, sums["pairs"])])
    statistics.add_pairs(sums, pairs)
    for one in pairs:
        version.cursor["hash"] = chained(version.cursor["hash"], {name: getattr(one, name) for name in HASHED})
    facts: list[Fact] = [(c.key, c.reason, provenance.of_excluded(c)) for c in left_out]
    add_rows(version, Kind.EXCLUDED, sum(sums["excluded"].values()), facts)
    for _, reason, _ in facts:
        statistics.count(sums["excluded"], reason)


@dataclass
class Stored:
    """What the version has already, for the sieve."""

    version: DatasetVersion

    def ids(self, names: set[str]) -> set[str]:
        return set(self.version.pairs.filter(Among("pair_id", names)).values_list("pair_id", flat=True))

    def heard(self, prompts: set[str]) -> dict[str, Heard]:
        notes = self.version.notes.filter(Among("prompt", prompts))
        found = {prompt: Heard(count) for prompt, count in notes.values_list("prompt").annotate(n=Count("pk"))}
        places: dict[int, str] = {}
        for prompt in found:
            first = notes.filter(prompt=prompt).order_by("position").values_list("position", flat=True)
            places |= dict.fromkeys(first[:HELD_AGAINST], prompt)
        rows = self.version.pairs.filter(Among("position", places)).order_by("position")
        for row in rows.values("position", "prompt", "chosen", "rejected"):
            found[places[row["position"]]].rows.append({**row})
        return found


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
    kept = {"near": True, "leading": sums["leading"], "rated": sums.get("rated", {})}
    version.cursor = {"as_of": cursor["as_of"], "newest": cursor.get("newest", 0), **kept}
    version_ready(version)
