"""What a rule would give: the build's own steps over the newest verdicts, with nothing written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from feedback.accounts.models import Project
from feedback.datasets import groups, statistics
from feedback.datasets.models import Dataset, PreferencePair
from feedback.datasets.pairs import candidates
from feedback.datasets.rule import Rule
from feedback.datasets.sift import sift
from feedback.datasets.snapshot import counting, load, siblings, standing
from feedback.datasets.wording import reasons

NEWEST = 2_000  # verdicts that a preview reads: about a second
SHOWN = 3  # pairs


@dataclass
class Preview:
    """What would come out, in the figures of a built version."""

    verdicts: int = 0
    is_capped: bool = False
    candidates: int = 0
    pairs: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    samples: list[PreferencePair] = field(default_factory=list)

    @property
    def n_left_out(self) -> int:
        return self.candidates - self.pairs


def preview(project: Project, rule: Rule, shares: dict[str, float], dataset: Dataset | None = None) -> Preview:
    """Of the newest verdicts. A dataset keeps the splits it has given; a new one would draw its own, of like sizes."""
    newest = list(counting(project.pk, rule).order_by("-pk").values_list("pk", flat=True)[: NEWEST + 1])
    is_capped = len(newest) > NEWEST
    blocks, components = (
        standing(project.pk, rule, since=newest[NEWEST - 1]) if is_capped else standing(project.pk, rule)
    )
    known = groups.splits_of(dataset, components.parent) if dataset else {}
    splits = known | dict(groups.planned(dataset.salt if dataset else project.salt, known, components.groups(), shares))
    sums, shown, seen = statistics.empty(), list[PreferencePair](), set[str]()
    for ids in blocks:
        found = [one for judged, earlier in siblings(load(ids)) for one in candidates(judged, earlier, rule)]
        kept, left_out = sift(found, rule, splits, seen.intersection)
        pairs = [one.pair(project_id=project.pk, position=sums["pairs"] + at) for at, one in enumerate(kept)]
        statistics.add_pairs(sums, pairs)
        seen.update(pair.pair_id for pair in pairs)
        shown += pairs[: SHOWN - len(shown)]
        for candidate in left_out:
            statistics.count(sums["excluded"], candidate.reason)
    return Preview(
        verdicts=sum(map(len, blocks)),
        is_capped=is_capped,
        candidates=sums["pairs"] + sum(sums["excluded"].values()),
        pairs=sums["pairs"],
        splits={split: sums["by_split"].get(split, 0) for split, share in shares.items() if share},
        sources=sums["by_source"],
        left_out=reasons(sums["excluded"]),
        samples=shown,
    )
