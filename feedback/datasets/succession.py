"""When rows of a published version stand no more: the version is marked, and one without them follows it.

A row goes when its response was erased, or when its verdict ended because a review was withdrawn or invalidated, or
other reviews replaced it. The version that follows has its parent's rows in their order, without those; each that is
missing has a row of kind *gone* with its name and its reason, and no text. Nothing new is taken in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Now

from feedback.accounts.models import Member
from feedback.among import Among
from feedback.audit.log import record
from feedback.datasets import statistics
from feedback.datasets.announce import version_superseded
from feedback.datasets.build import COLUMNS, add_rows, seal
from feedback.datasets.chain import HASHED, chained
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair, VersionRow
from feedback.datasets.storing import store
from feedback.jobs import Job
from feedback.judgements.models import Review, Verdict

Kind = VersionRow.Kind
ERASED, INVALIDATED, WITHDRAWN, REPLACED, ENDED = "erased", "invalidated", "withdrawn", "replaced", "ended"
WHY = {
    ERASED: "erased at the request of a person",
    INVALIDATED: "a review it counts was invalidated",
    WITHDRAWN: "a review it counts was withdrawn",
    REPLACED: "its verdict was replaced by another one",
    ENDED: "its verdict was ended",
}
ROWS = 1_000  # copied a step
LOOKED_AT = 10_000  # pairs whose verdict has ended, counted by a page
COPIED = (Kind.VOTES, Kind.CASE, Kind.EXCLUDED)


def mark(pk: int, counts: dict[str, int]) -> None:
    """Rows of this version stand no more: so many, by reason. The one place where a version is marked.

    Files with erased rows go at once; in those of other reasons stands what was true when they were made.
    """
    version = DatasetVersion.objects.select_for_update().get(pk=pk)
    told = Counter(version.superseded_for)
    told.update(counts)
    DatasetVersion.objects.filter(pk=pk).update(
        superseded_at=Coalesce("superseded_at", Now()), superseded_for=dict(sorted(told.items()))
    )
    if ERASED in counts:
        for export in version.exports.filter(withdrawn_at__isnull=True):
            withdraw(export)
    if not version.superseded_at:
        record("version-superseded", version, reasons=dict(counts))
        version_superseded(version, min(counts))


def withdraw(export: Export) -> None:
    """Nobody gets this file any more, nor half of it."""
    export.cancel()
    if export.file:
        default_storage.delete(export.file)
    Export.objects.filter(pk=export.pk).update(withdrawn_at=Now(), file="")


@transaction.atomic
def follow(dataset: Dataset, by: Member | None = None, request: Any = None) -> DatasetVersion | None:
    """The version that takes the place of the marked ones: the one under way, the newest when it has no such rows, or
    else a new one made from it. None when no version is marked.
    """
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    orphans = dataset.versions.filter(superseded_at__isnull=False, superseded_by__isnull=True)
    newest, under_way = dataset.newest(), dataset.versions.unfinished().first()
    if newest is None or not orphans.exists():
        return None
    heir: DatasetVersion = under_way or newest
    if heir.superseded_at and not heir.superseded_by_id:
        heir = successor(newest, by, request)
    orphans.exclude(pk=heir.pk).update(superseded_by=heir)
    return heir


def successor(parent: DatasetVersion, by: Member | None, request: Any) -> DatasetVersion:
    version = DatasetVersion.objects.create(
        project_id=parent.project_id,
        dataset_id=parent.dataset_id,
        number=1 + (parent.dataset.versions.order_by("-number").values_list("number", flat=True)[0]),
        rule=parent.rule,
        parent=parent,
        requested_by=by,
        leaves_out=True,
    )
    record("version-requested", version, request=request, actor=by or "system", number=version.number, leaves_out=True)
    version.ring()
    return version


def replace(version: DatasetVersion, by: Member | None = None, request: Any = None) -> DatasetVersion | None:
    """A person asked for it: mark what does not stand by now, and make the version that follows."""
    with transaction.atomic():
        counts = stale(version)
        if counts:
            mark(version.pk, counts)
        return follow(version.dataset, by, request)


def ended(version: DatasetVersion) -> dict[str, int]:
    """Rows that stand no more, of a version that nobody has marked yet."""
    return stale(version) if version.state == Job.State.DONE and not version.superseded_at else {}


def stale(version: DatasetVersion) -> dict[str, int]:
    """How many rows do not stand any more, by reason; the first LOOKED_AT are looked at. A row is a pair, or what else
    was kept of a verdict that gave no pair: votes, a case.
    """
    named = ended_names(version.project_id)
    if not named:
        return {}
    rows = version.pairs.filter(erased_at__isnull=True).order_by()
    over = list(rows.filter(verdict__is_current=False).values_list("verdict", flat=True)[:LOOKED_AT])
    over += worse_ended(rows)
    over += sorted(without_pair(version, named) - set(over))
    reasons = why(set(over))
    return dict(sorted(Counter(reasons[pk] for pk in over if pk in reasons).items()))


def worse_ended(rows: QuerySet[PreferencePair]) -> list[int]:
    """Of pairs of two verdicts the one on the worse response, where that alone ended."""
    rated = rows.filter(source__in=[PreferencePair.Source.RATING, PreferencePair.Source.FEEDBACK])
    of_worse = Verdict.objects.filter(is_current=False, subject__parts__response=OuterRef("rejected_response"))
    rated = rated.filter(Exists(of_worse), verdict__is_current=True)
    found = [pk for pk in rated.values_list("provenance__rejected_verdict", flat=True)[:LOOKED_AT] if pk]
    over = set(Verdict.objects.filter(Among("pk", set(found)), is_current=False).values_list("pk", flat=True))
    return [pk for pk in found if pk in over]


def ended_names(project_id: int) -> dict[str, int]:
    """Verdicts of the project that ended, by the names that votes and cases have after them; the newest."""
    ended = Verdict.objects.filter(project=project_id, is_current=False).order_by("-pk")
    rows = list(ended.values_list("pk", "rubric_version__criteria__key")[:LOOKED_AT])
    return {f"{pk}:{key}": pk for pk, key in rows} | {str(pk): pk for pk, _ in rows}


def without_pair(version: DatasetVersion, named: dict[str, int]) -> set[int]:
    """Those of them of which the version keeps votes or a case."""
    kept = version.rows.filter(Among("key", list(named)), kind__in=[Kind.VOTES, Kind.CASE], erased_at__isnull=True)
    return {named[key] for key in kept.values_list("key", flat=True)}


def why(verdict_ids: Iterable[int]) -> dict[int, str]:
    """Which of these verdicts stand no more, and why."""
    ids = list(verdict_ids)
    rows = Verdict.objects.filter(Among("pk", ids))
    found = dict.fromkeys(
        rows.filter(subject__parts__response__erased_by__isnull=False).values_list("pk", flat=True), ERASED
    )
    other = Verdict.objects.current().filter(  # perhaps of a newer version, which was asked again
        subject=OuterRef("subject"),
        rubric_version__rubric=OuterRef("rubric_version__rubric"),
        origin=OuterRef("origin"),
    )
    ended = list(rows.filter(is_current=False).annotate(is_replaced=Exists(other)))
    reviews = {pk for verdict in ended for pk in verdict.review_ids}
    amiss = Review.objects.filter(Among("pk", reviews)) if reviews else Review.objects.none()
    invalid = set(amiss.filter(invalidated_at__isnull=False).values_list("pk", flat=True))
    withdrawn = set(amiss.filter(withdrawn_at__isnull=False).values_list("pk", flat=True))
    for verdict in ended:
        counted = set(verdict.review_ids)
        reason = REPLACED if verdict.is_replaced else ENDED
        reason = INVALIDATED if counted & invalid else WITHDRAWN if counted & withdrawn else reason
        found.setdefault(verdict.pk, reason)
    return found


def step(version: DatasetVersion) -> bool:
    """Copy some rows of the parent; True when the version is complete. Like a build, it goes on where it was."""
    if not version.cursor:
        begin(version)
        return False
    cursor = version.cursor
    if cursor["copying"] == Kind.VERDICTS:
        is_more = copy_verdicts(version)
    elif cursor["copying"] == "pairs":
        is_more = copy_pairs(version)
    else:
        is_more = copy_rows(version, cursor["copying"])
    if not is_more:
        order = [Kind.VERDICTS.value, "pairs", *(kind.value for kind in COPIED)]
        following = order.index(cursor["copying"]) + 1
        if following == len(order):
            finish(version)
            return True
        cursor["copying"], cursor["after"] = order[following], -1
    return False


def finish(version: DatasetVersion) -> None:
    gone = dict(sorted(version.cursor["gone_pairs"].items()))
    version.total = version.done = version.cursor["kept"]
    seal(version)
    version.counts["gone"] = gone


def begin(version: DatasetVersion) -> None:
    assert version.parent is not None
    before = version.parent.cursor
    kept = {"as_of": before.get("as_of"), "newest": before.get("newest", 0), "hash": "", "sums": statistics.empty()}
    version.cursor = {**kept, "copying": Kind.VERDICTS.value, "after": -1, "gone": 0, "gone_pairs": {}, "kept": 0}
    version.total = version.parent.counts.get("pairs", 0)


def next_of(version: DatasetVersion, rows: QuerySet[Any], most: int = ROWS) -> list[Any]:
    found = list(rows.filter(position__gt=version.cursor["after"]).order_by("position")[:most])
    if found:
        version.cursor["after"] = found[-1].position
    return found


def add_gone(version: DatasetVersion, gone: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    rows = list(gone)
    add_rows(version, Kind.GONE, version.cursor["gone"], rows)
    version.cursor["gone"] += len(rows)


def copy_verdicts(version: DatasetVersion) -> bool:
    """Which of them go is settled here, once: later steps look it up."""
    assert version.parent is not None
    blocks = next_of(version, version.parent.rows.filter(kind=Kind.VERDICTS), 20)
    reasons = why(pk for block in blocks for pk in block.data["ids"])
    for block in blocks:
        ids = [pk for pk in block.data["ids"] if pk not in reasons]
        if ids:
            add_rows(version, Kind.VERDICTS, block.position, [(str(ids[0]), "", {"ids": ids})])
        version.cursor["kept"] += len(ids)
    add_gone(version, ((f"verdict:{pk}", reason, {}) for pk, reason in sorted(reasons.items())))
    return bool(blocks)


def gone_among(version: DatasetVersion, verdict_ids: Iterable[int]) -> dict[int, str]:
    names = {f"verdict:{pk}": pk for pk in verdict_ids}
    rows = version.rows.filter(Among("key", list(names)), kind=Kind.GONE)
    return {names[key]: reason for key, reason in rows.values_list("key", "reason")}


def copy_pairs(version: DatasetVersion) -> bool:
    assert version.parent is not None
    sums, pairs = version.cursor["sums"], next_of(version, version.parent.pairs.all())
    verdicts = {pair.pk: {pair.verdict_id, pair.provenance.get("rejected_verdict")} - {None} for pair in pairs}
    gone = gone_among(version, {pk for some in verdicts.values() for pk in some})
    kept: list[PreferencePair] = []
    left: list[tuple[str, str, dict[str, Any]]] = []
    for pair in pairs:
        reason = ERASED if pair.erased_at else next((gone[pk] for pk in sorted(verdicts[pair.pk]) if pk in gone), "")
        if reason:
            left.append((pair.pair_id, reason, {"split": pair.split, "was_at": pair.position}))
            statistics.count(version.cursor["gone_pairs"], reason)
            continue
        pair.version_id, pair.position = version.pk, sums["pairs"] + len(kept)
        kept.append(pair)
    store(PreferencePair, [{name: getattr(pair, name) for name in COLUMNS} for pair in kept])
    statistics.add_pairs(sums, kept)
    for pair in kept:
        version.cursor["hash"] = chained(version.cursor["hash"], {name: getattr(pair, name) for name in HASHED})
    add_gone(version, left)
    version.done += len(pairs)
    return bool(pairs)


def copy_rows(version: DatasetVersion, kind: str) -> bool:
    """Raw votes, cases and candidates left out, where their verdicts stand."""
    assert version.parent is not None
    rows = next_of(version, version.parent.rows.filter(kind=kind))
    gone = gone_among(version, {pk for row in rows for pk in verdicts_of(row)})
    kept = [row for row in rows if not row.erased_at and not any(pk in gone for pk in verdicts_of(row))]
    facts = [(row.key, row.reason, row.data) for row in kept]
    sums = version.cursor["sums"]
    start = {
        Kind.VOTES: sums["comparisons"], Kind.CASE: sums["cases"], Kind.EXCLUDED: sum(sums["excluded"].values())
    }[Kind(kind)]  # fmt: skip
    add_rows(version, kind, start, facts)
    if kind == Kind.VOTES:
        statistics.add_votes(sums, (data["votes"] for _, _, data in facts))
    elif kind == Kind.CASE:
        sums["cases"] += len(facts)
        statistics.add_rated(sums, (data for _, _, data in facts))
    else:
        for _, reason, _ in facts:
            statistics.count(sums["excluded"], reason)
    return bool(rows)


def verdicts_of(row: VersionRow) -> list[int]:
    """That a row is about: they stand in its name (provenance.py, pairs.py)."""
    if row.kind != Kind.EXCLUDED:
        return [int(row.key.split(":")[0])]
    source, *names = row.key.split(":")
    if source == "rating":
        return [int(names[0]), int(names[1])]
    return [row.data["verdict"]] if row.data else []
