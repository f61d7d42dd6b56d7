"""Pairs that stand apart from their like (I14): for `manage.py verify`, and once more when a file is written."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from django.db.models import Max

from feedback.among import Among
from feedback.datasets.groups import anchors_of, keys, splits_of
from feedback.datasets.models import DatasetVersion
from feedback.jobs import Job
from feedback.responses.models import Response

STEP = 5_000  # pairs whose groups are looked up at once
OF_RESPONSE = ("fold_hash", "prompt_hash", "conversation_id")


def pairs_across_splits() -> list[str]:
    """Pairs with a conversation, a question, a prompt or, where the build of the version looked for such, a question
    that says nearly the same, which their dataset has put into another split.

    A group has one split in a dataset (unique), so a pair that agrees with it shares no group with a pair elsewhere.
    """
    found: list[str] = []
    for version in DatasetVersion.objects.filter(state=Job.State.DONE).select_related("dataset").order_by("pk"):
        end = version.pairs.aggregate(end=Max("position"))["end"]
        for start in range(0, -1 if end is None else end + 1, STEP):
            found += apart(version, start, start + STEP - 1)
    return found


def apart(version: DatasetVersion, first: int, last: int, splits: Iterable[str] | None = None) -> list[str]:
    """Those of them among the pairs at these positions, both ends included; of these splits only, where some are named.

    Six statements, whatever the number of pairs.
    """
    pairs = version.pairs.filter(position__range=(first, last), erased_at=None).order_by("position")
    if splits is not None:
        pairs = pairs.filter(split__in=splits)
    rows = list(pairs.values_list("pair_id", "split", "chosen_response", "rejected_response"))
    places = places_of(version, {pk for _, _, *both in rows for pk in both if pk is not None})
    return [
        f"pair {name} is in {split}, apart from its like"
        for name, split, *both in rows
        if any(places.get(pk, {split}) != {split} for pk in both)
    ]


def places_of(version: DatasetVersion, responses: Iterable[int]) -> dict[int, set[str | None]]:
    """In which splits the groups of each response are; None stands for a group that has none."""
    rows = Response.objects.filter(Among("pk", responses)).values_list("pk", *OF_RESPONSE)
    named = {row[0]: row[1:] for row in rows}
    folds = {fold for fold, _, _ in named.values()} if version.cursor.get("near") else set()
    anchors = anchors_of(version.project_id, folds)
    touched = {
        (fold, prompt, talk): [
            key for key in keys(fold=fold, prompt=prompt, conversation=talk, near=anchors.get(fold, ())) if key[1]
        ]
        for fold, prompt, talk in set(named.values())  # those of a pair are mostly the same
    }
    known = splits_of(version.dataset, chain.from_iterable(touched.values()))
    splits = {names: {known.get(key) for key in some} for names, some in touched.items()}
    return {pk: splits[names] for pk, names in named.items() if splits[names]}
