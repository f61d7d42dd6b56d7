"""No two models and no reviewer with more than their share of a version.

Which pairs go is decided when all are there. Pairs of the same two models and the same reviewers count as one kind;
what is over its share is lowered kind by kind until everything keeps to it, those first whose going helps most: of a
reviewer's pairs, those that fewest others have judged. Of each kind the first pairs stay. A share below what all would
have in equal parts is taken as equal parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

from feedback.among import Among
from feedback.datasets import provenance, statistics
from feedback.datasets.chain import HASHED, chained
from feedback.datasets.models import DatasetVersion, PairNote, VersionRow
from feedback.datasets.rule import Rule
from feedback.datasets.storing import store

AGAIN = 1_000  # pairs a step that are counted again
SMALL = 1e-9  # shares are compared as floats

Kind = tuple[str, tuple[str, ...]]  # models, reviewers


class Noted(NamedTuple):
    position: int
    models: str
    reviewers: list[str]

    @property
    def kind(self) -> Kind:
        return self.models, tuple(self.reviewers)


@dataclass
class Balance:
    """How many pairs of each kind stay, and why the others go."""

    stay: Counter[Kind]
    go: dict[Kind, list[tuple[str, int]]] = field(default_factory=dict)

    def settle(self, rule: Rule) -> None:
        """Lower what is over its share until nothing is."""
        models = even(rule.max_model_share, {models for models, _ in self.stay})
        reviewers = even(rule.max_reviewer_share, {name for _, names in self.stay for name in names})
        while (models and self.lower_models(models)) or (reviewers and self.lower_reviewers(reviewers)):
            pass

    def lower_models(self, share: float) -> bool:
        counts = Counter[str]()
        for (models, _), n in self.stay.items():
            counts[models] += n
        over = first_over(counts, share, counts.total())
        if over is None:
            return False
        kinds = sorted((-n, kind) for kind, n in self.stay.items() if kind[0] == over and n)
        need = ceil((counts[over] - share * counts.total()) / (1 - share) - SMALL)
        self.lower(kinds[0][1], need, "over_model_share")
        return True

    def lower_reviewers(self, share: float) -> bool:
        counts = Counter[str]()
        for (_, names), n in self.stay.items():
            counts.update(dict.fromkeys(names, n))
        over = first_over(counts, share, counts.total())
        if over is None:
            return False
        kinds = sorted((len(kind[1]), -n, kind) for kind, n in self.stay.items() if over in kind[1] and n)
        size, _, kind = kinds[0]  # fewer than 1 / share reviewers: of larger ones alone nobody has more than that
        need = ceil((counts[over] - share * counts.total()) / (1 - share * size) - SMALL)
        self.lower(kind, need, "over_reviewer_share")
        return True

    def lower(self, kind: Kind, need: int, reason: str) -> None:
        n = min(self.stay[kind], max(1, need))
        self.stay[kind] -= n
        self.go.setdefault(kind, []).append((reason, n))


def even(share: float, names: set[str]) -> float:
    """The share, or what all would have in equal parts when that is more; 0 asks nothing."""
    return max(share, 1 / len(names)) if share and names else 0.0


def first_over(counts: Counter[str], share: float, total: int) -> str | None:
    """Who has most, when that is over the share."""
    most = min(counts, key=lambda name: (-counts[name], name), default=None)
    return most if most is not None and counts[most] > share * total + SMALL else None


def refused(notes: Iterable[Noted], again: Iterable[Noted], rule: Rule) -> Iterator[tuple[int, str]]:
    """Position and reason of those that go; the notes are read twice."""
    balance = Balance(Counter(one.kind for one in notes))
    balance.settle(rule)
    seen = Counter[Kind]()
    why = {kind: [reason for reason, n in some for _ in range(n)] for kind, some in balance.go.items()}
    for one in again:
        if seen[one.kind] >= balance.stay[one.kind]:
            yield one.position, why[one.kind].pop()
        seen[one.kind] += 1


def go_on(version: DatasetVersion, rule: Rule) -> bool:
    """A step after the last block: take out what is over a share, then count what stays again; False when done."""
    if "again" not in version.cursor:
        take_out(version, rule)
        version.cursor["again"] = -1
        return True
    return count_again(version)


def take_out(version: DatasetVersion, rule: Rule) -> None:
    """Move pairs to what was left out. Rows of a version that is not complete may go; none is changed."""
    sums = version.cursor["sums"]

    def notes() -> Iterator[Noted]:
        rows = version.notes.order_by("position").values_list("position", "told_models", "reviewers")
        return (Noted(*row) for row in rows.iterator(2000))

    reasons = dict(refused(notes(), notes(), rule))
    rows, start = list[dict[str, Any]](), sum(sums["excluded"].values())
    keys = dict(version.notes.filter(Among("position", reasons)).values_list("position", "key"))
    for pair in version.pairs.filter(Among("position", reasons)).order_by("position").iterator(500):
        reason = reasons[pair.position]
        rows.append({"position": start + len(rows), "key": keys[pair.position], "reason": reason,
                     "data": provenance.of_pair_left_out(pair)})  # fmt: skip
        statistics.count(sums["excluded"], reason)
    shared = {"project_id": version.project_id, "version_id": version.pk, "kind": VersionRow.Kind.EXCLUDED}
    store(VersionRow, [{**shared, **row} for row in rows])
    version.pairs.filter(Among("position", reasons)).delete()
    PairNote.objects.filter(Among("position", reasons), version=version).delete()
    fresh = statistics.empty()
    kept = ("excluded", "first", "decided", "comparisons", "votes", "cases", "rated")
    version.cursor["sums"] = {**fresh, **{name: sums[name] for name in kept if name in sums}}
    version.cursor["hash"] = ""


def count_again(version: DatasetVersion) -> bool:
    """Figures and hash of the next pairs that stayed; False when there is none."""
    cursor: dict[str, Any] = version.cursor
    some = list(version.pairs.filter(position__gt=cursor["again"]).order_by("position")[:AGAIN])
    statistics.add_pairs(cursor["sums"], some)
    for pair in some:
        cursor["hash"] = chained(cursor["hash"], {name: getattr(pair, name) for name in HASHED})
    cursor["again"] = some[-1].position if some else cursor["again"]
    return bool(some)
