"""Training curves as tables, from which the page's script draws its charts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from feedback.among import Among
from feedback.training.models import FineTuneJob

POINTS = 120  # of a chart: more are not told apart; the file and the API have all
NAMES = 40
# Which curves share a chart, by a word in their names; the rest is in the table at the end.
CHARTS = [
    ("loss", "Loss", ("loss",)),
    ("accuracy", "Accuracy", ("accurac",)),
    ("rewards", "Rewards", ("rewards/", "reward", "margin")),
]


@dataclass
class Figure:
    key: str
    title: str
    names: list[str]
    rows: list[tuple[int, list[float | None]]] = field(default_factory=list)
    is_drawn: bool = True

    @property
    def summary(self) -> str:
        drawn = ", ".join(self.names)
        return f"Chart of {drawn} by step, {len(self.rows)} rows. The same numbers are in the table below."


def figures(job: FineTuneJob) -> list[Figure]:
    """At most POINTS steps, the first and the last among them."""
    steps = list(job.metrics.order_by("step").values_list("step", flat=True).distinct())
    if not steps:
        return []
    every = max(1, -(-len(steps) // POINTS))
    kept = sorted({*steps[::every], steps[-1]})
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for name, step, value in job.metrics.filter(Among("step", kept)).values_list("name", "step", "value"):
        found[name][step] = value
    return grouped({name: found[name] for name in sorted(found)[:NAMES]})


def grouped(curves: dict[str, dict[int, float]]) -> list[Figure]:
    shown, left = [], list(curves)
    for key, title, words in CHARTS:
        names = [name for name in left if any(word in name for word in words)]
        left = [name for name in left if name not in names]
        if names:
            shown.append(figure(key, title, names, curves))
    if left:
        shown.append(figure("others", "Other numbers", left, curves, is_drawn=False))
    return shown


def figure(key: str, title: str, names: list[str], curves: dict[str, dict[int, float]], **about: Any) -> Figure:
    steps = sorted({step for name in names for step in curves[name]})
    rows = [(step, [curves[name].get(step) for name in names]) for step in steps]
    return Figure(key, title, names, rows, **about)
