"""What must always hold of published datasets (DESIGN §9). All but the files of exports is recounted from rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.checks import Invariant
from feedback.datasets import exports
from feedback.datasets.build import rows_hash
from feedback.datasets.models import DatasetVersion, Export, GroupSplit, PreferencePair, VersionRow
from feedback.datasets.pairs import REASONS
from feedback.files import sha256_of
from feedback.jobs import Job


def complete() -> QuerySet[DatasetVersion]:
    versions: QuerySet[DatasetVersion] = DatasetVersion.objects.filter(state=Job.State.DONE)
    return versions.select_related("dataset").order_by("pk")


def broken_exports() -> list[str]:
    done = Export.objects.filter(state=Job.State.DONE).select_related("version__dataset", "version__project")
    return [f"export {export.pk} ({export}) {fault}" for export in done.order_by("pk") for fault in faults(export)]


def faults(export: Export) -> Iterator[str]:
    """How the file, its manifest and the frozen rows disagree."""
    if export.manifest.get("sha256") != export.sha256 or export.manifest.get("rows") != export.n_rows:
        yield "has a manifest that does not match its row"
    if not default_storage.exists(export.file):
        yield "has no file"
        return
    if sha256_of(default_storage.open(export.file)) != export.sha256:
        yield "has a file that does not match its manifest"
    again = hashlib.sha256()
    for line in exports.rewritten(export):
        again.update(line)
    if again.hexdigest() != export.sha256:
        yield "would be written otherwise from its frozen rows"


def changed_versions() -> list[str]:
    changed = [version for version in complete() if rows_hash(version) != version.rows_sha256]
    return [f"{version} does not have the rows it was sealed with" for version in changed]


def miscounted_versions() -> list[str]:
    """In + out = total, and every reason is known and counted."""
    found = []
    for version in complete():
        pairs, counts = version.pairs.count(), version.counts
        excluded = version.rows.filter(kind=VersionRow.Kind.EXCLUDED).values_list("reason", flat=True)
        left_out = Counter(excluded.iterator())
        is_told = pairs == counts["pairs"] and left_out == Counter(counts["excluded"])
        if not is_told or set(left_out) - set(REASONS) or counts["candidates"] != pairs + left_out.total():
            total = counts["candidates"]
            found.append(f"{version} has {pairs} pairs and {left_out.total()} left out of {total} candidates")
    return found


def pairs_across_splits() -> QuerySet[PreferencePair]:
    """Pairs with a conversation, a question or a prompt that its dataset has put into another split.

    A group has one split in a dataset (unique), so a pair that agrees with it shares no group with a pair elsewhere.
    """
    amiss = Q()
    for side in ("chosen_response", "rejected_response"):
        for kind, column in (("fold", "fold_hash"), ("prompt", "prompt_hash"), ("conversation", "conversation_id")):
            same = GroupSplit.objects.filter(
                dataset=OuterRef("version__dataset"),
                kind=kind,
                group=OuterRef(f"{side}__{column}"),
                split=OuterRef("split"),
            )
            has_group = Q(**{f"{side}__isnull": False}) & ~Q(**{f"{side}__{column}": ""})
            amiss |= has_group & Q(~Exists(same))
    return PreferencePair.objects.filter(amiss, version__state=Job.State.DONE)


INVARIANTS = [
    Invariant("I7", "An export's manifest matches its file; writing it again gives the same bytes.", broken_exports),
    Invariant("I7", "A version's frozen rows are those it was sealed with.", changed_versions),
    Invariant("I10", "In every version, pairs and what was left out add up to the candidates.", miscounted_versions),
    Invariant("I14", "No question, prompt or conversation is in two splits of a dataset.", pairs_across_splits),
]
