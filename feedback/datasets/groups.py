"""Splits without leaks: connected rows go to one split together, and what was published never moves.

Two responses are connected when they belong to one conversation, when their folded inputs or their rendered prompts are
equal, when their inputs say nearly the same (near.py), or when they stand in one subject. A connected group is put by a
salted hash of its smallest key, unless one of its keys has a split already.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from feedback.among import Among
from feedback.datasets.models import Dataset, DatasetVersion, GroupSplit, PromptSketch, Split
from feedback.datasets.storing import store

Key = tuple[str, str]  # ("conversation", id), ("fold", hash) or ("prompt", hash)


ASKED = 2_000  # names a statement


def keys(*, fold: str, prompt: str, conversation: str, near: Iterable[str] = ()) -> list[Key]:
    """The groups that a response belongs to by itself. `near`: the anchors of its input."""
    own = [("fold", fold), ("prompt", prompt), *(("fold", anchor) for anchor in near)]
    return [*own, ("conversation", conversation)] if conversation else own


class Components:
    """Disjoint sets of keys, by union with path halving."""

    def __init__(self) -> None:
        self.parent: dict[Key, Key] = {}
        self.current: Key | None = None

    def root(self, key: Key) -> Key:
        parent = self.parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def begin(self) -> None:
        """What is added from here on belongs to another subject."""
        self.current = None

    def add(self, *, fold: str, prompt: str, conversation: str) -> None:
        """A response of the subject under way: its keys are connected with each other and with those before."""
        for key in keys(fold=fold, prompt=prompt, conversation=conversation):
            root = self.root(key)
            if self.current is not None:
                self.parent[root] = root = self.root(self.current)
            self.current = root

    def join(self, one: Key, other: Key) -> None:
        self.parent[self.root(one)] = self.root(other)

    def groups(self) -> Iterator[list[Key]]:
        members: dict[Key, list[Key]] = defaultdict(list)
        for key in self.parent:
            members[self.root(key)].append(key)
        for group in members.values():
            yield sorted(group)


def connect_near(project_id: int, components: Components) -> list[str]:
    """Join the groups of inputs that say nearly the same; the folded inputs that nobody has looked at yet."""
    names = iter([name for kind, name in components.parent if kind == "fold"])
    missing: list[str] = []
    while some := list(islice(names, ASKED)):
        rows = PromptSketch.objects.filter(Among("fold_hash", some), project=project_id)
        found = dict(rows.values_list("fold_hash", "anchors"))
        missing += [name for name in some if name not in found]
        for name, anchors in found.items():
            for anchor in anchors:
                components.join(("fold", name), ("fold", anchor))
    return missing


def anchors_of(project_id: int, folds: Iterable[str]) -> dict[str, list[str]]:
    """The anchors of these folded inputs, as far as they have any."""
    rows = PromptSketch.objects.filter(Among("fold_hash", set(folds)), project=project_id).exclude(anchors=[])
    return dict(rows.values_list("fold_hash", "anchors"))


def drawn_split(salt: str, key: Key, shares: dict[str, float]) -> str:
    """Uniform in [0, 1) from SHA-256 of salt, kind and group, held against the cumulated shares."""
    digest = hashlib.sha256(f"{salt}:{key[0]}:{key[1]}".encode()).hexdigest()
    u, end = int(digest[:13], 16) / 2**52, 0.0
    for split, share in shares.items():
        end += share
        if u < end:
            return split
    return Split.TRAIN


def planned(
    salt: str, known: Mapping[Key, str], groups: Iterable[list[Key]], shares: dict[str, float]
) -> Iterator[tuple[Key, str]]:
    """The keys that have no split yet, with the one that each gets.

    A group with keys in one split puts its new keys there. A group that already touches two splits keeps them apart:
    its new keys get none, so that a row which would join two splits is left out.
    """
    for group in groups:
        splits = {known[key] for key in group if key in known}
        fresh = [key for key in group if key not in known]
        if not fresh or len(splits) > 1:
            continue
        split = splits.pop() if splits else drawn_split(salt, group[0], shares)
        yield from ((key, split) for key in fresh)


def assign(version: DatasetVersion, components: Components, shares: dict[str, float]) -> int:
    """Give every group that is new a split, some thousands at a time; how many keys were added."""
    dataset: Dataset = version.dataset
    of = {"project_id": version.project_id, "dataset_id": dataset.pk, "first_version_id": version.pk}
    is_first, n_added, groups = not dataset.group_splits.exists(), 0, components.groups()
    while some := list(islice(groups, 2000)):
        known = {} if is_first else splits_of(dataset, (key for group in some for key in group))
        added = [
            {**of, "kind": kind, "group": name, "split": split}
            for (kind, name), split in planned(dataset.salt, known, some, shares)
        ]
        store(GroupSplit, added)
        n_added += len(added)
    return n_added


def splits_of(dataset: Dataset, keys: Iterable[Key]) -> dict[Key, str]:
    """The splits of these keys, as far as they have one."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, group in keys:
        by_kind[kind].add(group)
    found: dict[Key, str] = {}
    for kind, groups in sorted(by_kind.items()):
        rows = dataset.group_splits.filter(Among("group", groups), kind=kind)
        found |= {(kind, group): split for group, split in rows.values_list("group", "split")}
    return found


def split_of(keys: Iterable[Key], splits: Mapping[Key, str]) -> str:
    """The one split that all keys are in; empty when they are in several or one is in none."""
    own = {splits.get(key, "") for key in keys}
    return own.pop() if len(own) == 1 else ""


def group_id(keys: Iterable[Key]) -> str:
    """A short stable name of the smallest key, for rows that must not be parted."""
    kind, name = min(keys)
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:24]
