"""What became of what critics proposed to mark: accepted, rejected or left open by reviewers. For workers.

Only queues that show the critic propose anything; each standing review says what it was shown and what was answered
(reviews/queues/proposals.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from feedback.among import Among
from feedback.critics.models import Assessment, CriticVersion
from feedback.judgements.models import Review
from feedback.statistics.intervals import wilson
from reviews.quality.effort import Heartbeat, narrowed
from reviews.queues.proposals import ACCEPTED, PROPOSALS, REJECTED, Proposal

CHUNK = 1000  # reviews
Key = tuple[int, str]  # critic version, kind


@dataclass
class Line:
    """How many proposals, each once for every reviewer who was shown it."""

    accepted: int = 0
    rejected: int = 0
    left: int = 0

    def add(self, answer: str | None) -> None:
        name = {ACCEPTED: "accepted", REJECTED: "rejected"}.get(str(answer), "left")
        setattr(self, name, getattr(self, name) + 1)

    def told(self) -> dict[str, Any]:
        """`share` is accepted ÷ (accepted + rejected), with Wilson's 95 % interval; null where nothing was decided."""
        decided = self.accepted + self.rejected
        low, high = wilson(self.accepted, decided) if decided else (None, None)
        return {
            "proposed": decided + self.left, "accepted": self.accepted, "rejected": self.rejected, "left": self.left,
            "share": self.accepted / decided if decided else None, "low": low, "high": high,
        }  # fmt: skip


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Heartbeat) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    lines: defaultdict[Key, Line] = defaultdict(Line)
    whole = Line()
    rows = shown_of(project_id, filters)
    while shown := list(islice(rows, CHUNK)):
        heartbeat()
        proposals = [proposal for one in shown for proposal in one]
        said = said_in(proposals)
        for proposal in proposals:
            version, kinds = said.get(proposal["assessment"], (0, []))
            if proposal["span"] < len(kinds):  # else the words were erased
                for line in (lines[version, kinds[proposal["span"]]], whole):
                    line.add(proposal["answer"])
    versions = CriticVersion.objects.select_related("critic").in_bulk({version for version, _ in lines})
    ordered = sorted(lines, key=lambda key: (versions[key[0]].critic.name, -key[0], key[1]))
    found = [{**named(versions[version]), "kind": kind, **lines[version, kind].told()} for version, kind in ordered]
    return {"all": whole.told(), "rows": found}


def shown_of(project_id: int, filters: Mapping[str, Any]) -> Iterator[list[Proposal]]:
    """What each standing review was shown."""
    reviews = Review.objects.standing().filter(project=project_id, visible__has_key=PROPOSALS)
    rows = narrowed(reviews, filters, "submitted_at").order_by("pk")
    return rows.values_list(f"visible__{PROPOSALS}", flat=True).iterator(chunk_size=CHUNK)


def said_in(proposals: list[Proposal]) -> dict[int, tuple[int, list[str]]]:
    """Assessment: its critic version, and the kind of each span."""
    rows = Assessment.objects.filter(Among("pk", {proposal["assessment"] for proposal in proposals}))
    return {
        pk: (version, [span["kind"] for span in spans])
        for pk, version, spans in rows.values_list("pk", "version", "spans")
    }


def named(version: CriticVersion) -> dict[str, str]:
    return {"critic": version.critic.slug, "version": version.label, "label": str(version)}
