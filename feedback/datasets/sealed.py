"""The test split, which nothing that is learnt from may hold, and what must be true of rows when a file is made.

Files to train on, to show as examples or to revise a prompt by are refused for the test split, whoever asks; asked for
all, they hold training and validation. Files to judge by hold it when it is asked for by name. Each row is held once
more against the splits of its groups as it is written (I14), so that a file with a leak is never finished.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from feedback.datasets.leaks import apart
from feedback.datasets.models import DatasetVersion, Export, Split
from feedback.datasets.shapes.pairs import Pair
from feedback.jobs import Job, JobRefused

Shape = Export.Shape
LEARNT_FROM = frozenset(
    {
        Shape.PREFERENCE, Shape.CONVERSATION, Shape.REWARD, Shape.OPENAI, Shape.OPENAI_SFT, Shape.LLAMAFACTORY,
        Shape.NEMO_RL, Shape.VERTEX, Shape.NOVA, Shape.SFT, Shape.KTO, Shape.ATTRIBUTES, Shape.SPANS, Shape.VOTES,
        Shape.REVISION, Shape.DSPY,
    }
)  # fmt: skip


class Sealed(JobRefused):
    """What was asked for is sealed; the message says what to ask for instead."""


def refuse(shape: str, split: str) -> None:
    """Raises Sealed where a file to learn from is asked to hold the test split."""
    if shape in LEARNT_FROM and split == Split.TEST:
        raise Sealed(
            f"The test split is sealed: no file of shape {shape} may hold it. "
            "Take held_out, or a file of evaluation cases, to judge by it."
        )


def is_sealed(export: Export) -> bool:
    """Whether its rows leave the test split out; files of an earlier release do as they did."""
    is_new = export.state != Job.State.DONE or export.manifest.get("sealed", False)
    return export.shape in LEARNT_FROM and bool(is_new)


@dataclass
class Check:
    """Rows on their way into a file of one split, or of all that it may hold."""

    version: DatasetVersion
    split: str
    is_sealed: bool
    first: int | None = None  # positions of the pairs that were seen
    last: int = -1
    splits: set[str] = field(default_factory=set)

    def see(self, frozen: Any) -> None:
        """A frozen row, as its shape reads it."""
        row = frozen[0] if isinstance(frozen, tuple) and not isinstance(frozen, Pair) else frozen
        if isinstance(row, Pair):
            self.first = row.position if self.first is None else self.first
            self.last = row.position
            self.splits.add(row.split)
        elif isinstance(row, dict):
            self.splits.add(row.get("split") or "")

    def verify(self) -> None:
        """Raises JobRefused, which fails the file."""
        allowed = {self.split} if self.split else set(Split.values)
        if self.is_sealed:
            allowed -= {Split.TEST}
        if self.splits - allowed - {""}:
            raise JobRefused("Rows of another split were about to be written; nothing was.")
        if self.first is not None and (found := apart(self.version, self.first, self.last, self.splits)):
            raise JobRefused(f"Rows touch a group that stands in another split ({found[0]}); nothing was written.")
