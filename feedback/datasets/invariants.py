"""What must always hold of published datasets (DESIGN §9). All but the files of exports is recounted from rows."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from feedback.checks import Invariant
from feedback.datasets import exports, formats
from feedback.datasets.chain import rows_hash
from feedback.datasets.leaks import pairs_across_splits
from feedback.datasets.models import DatasetVersion, Export, PreferencePair, VersionRow
from feedback.datasets.pairs import REASONS
from feedback.files import sha256_of
from feedback.jobs import Job


def complete() -> QuerySet[DatasetVersion]:
    versions: QuerySet[DatasetVersion] = DatasetVersion.objects.filter(state=Job.State.DONE)
    return versions.select_related("dataset").order_by("pk")


def broken_exports() -> list[str]:
    done = Export.objects.filter(state=Job.State.DONE, withdrawn_at__isnull=True).select_related(
        "version__dataset", "version__project"
    )
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
    if not is_rewritten_alike(export):
        yield "would be written otherwise from its frozen rows"


def is_rewritten_alike(export: Export) -> bool:
    """Byte for byte; where other libraries would pack it today, what is in it."""
    if export.manifest.get("made_by", {}) == formats.made_by(export.format, export.packing):
        again = hashlib.sha256()
        for block in exports.rewritten(export):
            again.update(block)
        return again.hexdigest() == export.sha256
    with tempfile.TemporaryFile() as file:
        for block in exports.rewritten(export):
            file.write(block)
        file.seek(0)
        stored = default_storage.open(export.file)
        return exports.rows_sha256(export, file) == exports.rows_sha256(export, stored)


def changed_versions() -> list[str]:
    """Those of which rows were erased have other rows now, and say so."""
    whole = (version for version in complete() if not version.is_redacted)
    changed = [version for version in whole if rows_hash(version) != version.rows_sha256]
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


def half_erased() -> QuerySet[PreferencePair]:
    """Pairs of erased responses that still hold texts."""
    gone = Q(chosen_response__erased_at__isnull=False) | Q(rejected_response__erased_at__isnull=False)
    return PreferencePair.objects.filter(gone, version__state=Job.State.DONE, erased_at__isnull=True)


INVARIANTS = [
    Invariant("I7", "An export's manifest matches its file; writing it again gives the same bytes.", broken_exports),
    Invariant("I7", "A version's frozen rows are those it was sealed with.", changed_versions),
    Invariant("I7", "No pair of a version holds the texts of an erased response.", half_erased),
    Invariant("I10", "In every version, pairs and what was left out add up to the candidates.", miscounted_versions),
    Invariant("I14", "No question, near question, prompt or conversation is in two splits.", pairs_across_splits),
]
