"""What a rule would give: the build's own steps over the newest verdicts, with nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from feedback.accounts.models import Project
from feedback.datasets import balance, groups, provenance, statistics
from feedback.datasets.models import Dataset, PreferencePair
from feedback.datasets.pairs import candidates
from feedback.datasets.rule import Rule
from feedback.datasets.sift import Heard, Sifted, sift
from feedback.datasets.snapshot import counting, load, siblings, standing
from feedback.datasets.wording import bias, reasons

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
    figures: dict[str, Any] = field(default_factory=dict)  # as of a version (statistics.py)
    reviewers: list[tuple[str, float]] = field(default_factory=list)  # with the largest share of the judgements
    unlooked: int = 0  # questions that only a build looks at for near ones

    @property
    def lines(self) -> list[dict[str, str]]:
        """Figures of bias, in words."""
        return list(bias(self.figures, self.reviewers))

    @property
    def n_left_out(self) -> int:
        return self.candidates - self.pairs


@dataclass
class Has:
    """What the version would have by now, for the sieve."""

    kept: list[Sifted] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    prompts: dict[str, Heard] = field(default_factory=dict)

    def ids(self, names: set[str]) -> set[str]:
        return names & self.names

    def heard(self, prompts: set[str]) -> dict[str, Heard]:
        return {prompt: self.prompts.setdefault(prompt, Heard()) for prompt in prompts}  # which the sieve fills

    def add(self, some: list[Sifted]) -> None:
        self.kept += some
        self.names.update(one.pair_id for one in some)

    def notes(self) -> Iterator[balance.Noted]:
        return (balance.Noted(at, one.models, one.reviewers) for at, one in enumerate(self.kept))


def reviewer_shares(kept: list[Sifted], most: int = 3) -> list[tuple[str, float]]:
    counts = Counter(name for one in kept for name in one.reviewers)
    return [(name, count / counts.total()) for name, count in counts.most_common(most)]


def preview(project: Project, rule: Rule, shares: dict[str, float], dataset: Dataset | None = None) -> Preview:
    """Of the newest verdicts. A dataset keeps the splits it has given; a new one would draw its own, of like sizes."""
    newest = list(counting(project.pk, rule).order_by("-pk").values_list("pk", flat=True)[: NEWEST + 1])
    is_capped = len(newest) > NEWEST
    blocks, components = (
        standing(project.pk, rule, since=newest[NEWEST - 1]) if is_capped else standing(project.pk, rule)
    )
    unlooked = groups.connect_near(project.pk, components)
    known = groups.splits_of(dataset, components.parent) if dataset else {}
    splits = known | dict(groups.planned(dataset.salt if dataset else project.salt, known, components.groups(), shares))
    sums, has = statistics.empty(), Has()
    for ids in blocks:
        read = load(ids, rule)
        found = [one for judged, earlier in siblings(read) for one in candidates(judged, earlier, rule)]
        compared = [data for one in read for _, data in provenance.comparisons(one)]
        statistics.add_votes(sums, (data["votes"] for data in compared if provenance.is_in_votes(data, rule)))
        kept, left_out = sift(found, rule, splits, has)
        has.add(kept)
        for candidate in left_out:
            statistics.count(sums["excluded"], candidate.reason)
    over = dict(balance.refused(has.notes(), has.notes(), rule)) if rule.is_balanced else {}
    for reason in over.values():
        statistics.count(sums["excluded"], reason)
    kept = [one for at, one in enumerate(has.kept) if at not in over]
    pairs = [one.pair(project_id=project.pk, position=at) for at, one in enumerate(kept)]
    statistics.add_pairs(sums, pairs)
    return Preview(
        verdicts=sum(map(len, blocks)),
        is_capped=is_capped,
        candidates=sums["pairs"] + sum(sums["excluded"].values()),
        pairs=sums["pairs"],
        splits={split: sums["by_split"].get(split, 0) for split, share in shares.items() if share},
        sources=sums["by_source"],
        left_out=reasons(sums["excluded"]),
        samples=pairs[:SHOWN],
        figures=statistics.summary(sums),
        reviewers=reviewer_shares(kept),
        unlooked=len(unlooked),
    )
