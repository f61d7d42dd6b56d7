"""A dataset forgets a person: rows made of their responses are emptied, their versions marked, files with them deleted,
and the newest version of each dataset is followed by one without these rows (succession.py).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from feedback.among import Among
from feedback.datasets.models import Dataset, DatasetVersion, GroupSplit, PreferencePair, VersionRow
from feedback.datasets.succession import ERASED, follow, mark
from feedback.erasing import Part, Scope, emptied
from feedback.judgements.models import Verdict
from feedback.responses.models import Response

Kind = VersionRow.Kind


def verdicts(scope: Scope) -> QuerySet[Verdict]:
    return Verdict.objects.filter(subject__parts__response__in=scope.responses)


def builds(scope: Scope) -> QuerySet[Any]:
    """Versions under way that count a verdict on the person's responses. Waits for a chunk that is being written."""
    rows: QuerySet[Any] = DatasetVersion.objects.unfinished().filter(project=scope.project_id)
    mine = set(verdicts(scope).values_list("pk", flat=True))
    locked = rows.select_for_update() if connection.in_atomic_block else rows
    touched = [version.pk for version in locked if mine and counts(version, mine)]
    return rows.filter(pk__in=touched)


def counts(version: DatasetVersion, verdicts: set[int]) -> bool:
    blocks = version.rows.filter(kind=Kind.VERDICTS).values_list("data", flat=True)
    return any(verdicts.intersection(data["ids"]) for data in blocks.iterator(chunk_size=100))


def begin_anew(rows: QuerySet[Any]) -> None:
    for version in rows.select_related("dataset"):
        if version.cancel():
            version.dataset.build()


def pairs(scope: Scope) -> QuerySet[Any]:
    theirs = Q(rejected_response__in=scope.responses) | Q(chosen_response__in=scope.responses)
    rows = PreferencePair.objects.filter(project=scope.project_id, erased_at=None)
    return rows.filter(theirs | Q(verdict__in=verdicts(scope)))


def votes_and_cases(scope: Scope) -> QuerySet[Any]:
    """By the names that they have after their verdict."""
    names: set[str] = set()
    for pk, criterion in verdicts(scope).values_list("pk", "rubric_version__criteria__key").distinct():
        names |= {str(pk), f"{pk}:{criterion}"}
    versions = list(DatasetVersion.objects.filter(project=scope.project_id).values_list("pk", flat=True))
    rows = VersionRow.objects.filter(version__in=versions, kind__in=[Kind.VOTES, Kind.CASE], erased_at=None)
    return rows.filter(Among("key", sorted(names)))


def empty(rows: QuerySet[Any]) -> None:
    """With the mark on their versions, and without the files made from them, in one transaction."""
    for pk, count in Counter(rows.values_list("version", flat=True)).items():
        mark(pk, {ERASED: count})
    emptied(rows)


def left_out(scope: Scope) -> QuerySet[Any]:
    """Candidates that did not become a pair hold no texts, but the names of their responses."""
    rows = VersionRow.objects.filter(project=scope.project_id, kind=Kind.EXCLUDED, erased_at=None)
    names = scope.responses.filter(erased_at=None).values("external_id")
    named = rows.annotate(chosen=KT("data__chosen"), rejected=KT("data__rejected"))
    return named.filter(Q(chosen__in=names) | Q(rejected__in=names))


def conversations(scope: Scope) -> QuerySet[Any]:
    """Splits of conversations that nobody else has a part in."""
    others = Response.objects.filter(
        project=OuterRef("project"), conversation_id=OuterRef("group"), erased_by__isnull=True
    )
    theirs = scope.responses.exclude(conversation_id="").values("conversation_id")
    rows = GroupSplit.objects.filter(project=scope.project_id, kind="conversation", group__in=theirs)
    return rows.filter(~Exists(others.exclude(pk__in=scope.responses.values("pk"))))


def unfollowed(scope: Scope) -> QuerySet[Any]:
    """Datasets with versions that lost rows, and that no version follows yet."""
    lost = DatasetVersion.objects.filter(
        dataset=OuterRef("pk"), superseded_for__has_key=ERASED, superseded_by__isnull=True
    )
    return Dataset.objects.filter(Exists(lost), project=scope.project_id)


def follow_all(rows: QuerySet[Any]) -> None:
    for dataset in rows:
        follow(dataset)


PARTS = [
    Part("builds under way", builds, begin_anew, chunk=1),
    Part("preference pairs", pairs, empty),
    Part("raw votes and prompt cases in dataset versions", votes_and_cases, empty),
    Part("candidates left out of dataset versions", left_out, emptied),
    Part("splits of conversations", conversations, lambda rows: rows.delete(), is_counted=False),
    Part("new dataset versions", unfollowed, follow_all, chunk=1),
]
