"""Splits without leaks: connected rows go to one split together, and what was published never moves.

Two responses are connected when they belong to one conversation, when their folded inputs are equal, or when they stand in one
subject. A connected group is put by a salted hash of its smallest key, unless one of its keys has a split already.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from feedback.datasets.models import Dataset, DatasetVersion, GroupSplit, Split
from feedback.judgements.models import Verdict
from feedback.responses.models import Response, SubjectResponse

Key = tuple[str, str]  # ("conversation", id) or ("fold", hash)


def keys_of(response: Response) -> list[Key]:
    """The groups that a response belongs to by itself."""
    keys = [("fold", response.fold_hash)]
    if response.conversation_id:
        keys.append(("conversation", response.conversation_id))
    return keys


class Components:
    """Disjoint sets of keys, by union with path halving."""

    def __init__(self) -> None:
        self.parent: dict[Key, Key] = {}

    def root(self, key: Key) -> Key:
        parent = self.parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def join(self, keys: Iterable[Key]) -> None:
        roots = sorted({self.root(key) for key in keys})
        for root in roots[1:]:
            self.parent[root] = roots[0]

    def groups(self) -> Iterator[list[Key]]:
        members: dict[Key, list[Key]] = defaultdict(list)
        for key in self.parent:
            members[self.root(key)].append(key)
        for group in members.values():
            yield sorted(group)


def connected(verdicts: QuerySet[Verdict]) -> Components:
    """The groups among all responses that the verdicts are about."""
    components = Components()
    rows = (
        SubjectResponse.objects.filter(subject__verdicts__in=verdicts)
        .order_by("subject_id", "position")
        .values_list("subject_id", "response__fold_hash", "response__conversation_id")
        .distinct()
    )
    subject, together = None, []  # type: ignore[var-annotated]
    for subject_id, fold, conversation in rows.iterator(chunk_size=5000):
        if subject_id != subject:
            components.join(together)
            subject, together = subject_id, []
        together += [("fold", fold)] + ([("conversation", conversation)] if conversation else [])
    components.join(together)
    return components


def drawn_split(salt: str, key: Key, shares: dict[str, float]) -> str:
    """Uniform in [0, 1) from SHA-256 of salt, kind and group, held against the cumulated shares."""
    digest = hashlib.sha256(f"{salt}:{key[0]}:{key[1]}".encode()).hexdigest()
    u, end = int(digest[:13], 16) / 2**52, 0.0
    for split, share in shares.items():
        end += share
        if u < end:
            return split
    return Split.TRAIN


def assign(version: DatasetVersion, components: Components, shares: dict[str, float]) -> int:
    """Give every group that is new a split; how many keys were added.

    A group with keys in one split puts its new keys there. A group that already touches two splits keeps them apart: its new
    keys get none, so that a row which would join two splits is left out.
    """
    dataset: Dataset = version.dataset
    known = {(kind, group): split for kind, group, split in dataset.group_splits.values_list("kind", "group", "split")}
    added = []
    for group in components.groups():
        splits = {known[key] for key in group if key in known}
        fresh = [key for key in group if key not in known]
        if not fresh or len(splits) > 1:
            continue
        split = splits.pop() if splits else drawn_split(dataset.salt, group[0], shares)
        added += [
            GroupSplit(project_id=version.project_id, dataset=dataset, kind=kind, group=name, split=split, first_version=version)
            for kind, name in fresh
        ]
    GroupSplit.objects.bulk_create(added, batch_size=1000, ignore_conflicts=True)
    return len(added)


def splits_of(dataset: Dataset, keys: Iterable[Key]) -> dict[Key, str]:
    """The splits of these keys, in one query a thousand."""
    wanted, found = sorted(set(keys)), {}
    for start in range(0, len(wanted), 1000):
        names = {group for _, group in wanted[start : start + 1000]}
        for kind, group, split in dataset.group_splits.filter(group__in=names).values_list("kind", "group", "split"):
            found[kind, group] = split
    return found


def group_id(keys: Iterable[Key]) -> str:
    """A short stable name of the smallest key, for rows that must not be parted."""
    kind, name = min(keys)
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:24]
