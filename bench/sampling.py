"""What a draw costs: the same number of responses drawn from populations that grow tenfold.

    DATABASE_URL=postgres://… python bench/sampling.py [--full 100000 1000000] [--thin 100000 1000000 10000000]

By rate and by size, about 2,000 responses each, k = 2: seconds of the whole run of a rule, from its frozen bounds to
the last item, the best of three with seeds of their own. Full responses have texts and sources, thin ones have none
(few would fit beside ten million). Each population lies in a project of its own, beside the smaller ones before it.
The claim: the cost follows the sample, not the population. Compared is the smallest population of the same run.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from bench.measured import records  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from feedback import jobs  # noqa: E402
from feedback.accounts.models import Project  # noqa: E402
from feedback.rubrics.models import Rubric, RubricVersion  # noqa: E402
from reviews.queues.models import Item, Queue  # noqa: E402
from reviews.sampling.draw import Draw  # noqa: E402
from reviews.sampling.models import SamplingRule, SamplingRun  # noqa: E402
from tests import make  # noqa: E402

ROUNDS = 3
Drawn = tuple[float, int]  # seconds, responses


def run(project: Project, **choices: Any) -> Drawn:
    key = uuid.uuid4().hex[:20]
    rubric = Rubric.objects.create(project=project, name=key)
    version = RubricVersion.objects.create(project=project, rubric=rubric, number=1)
    queue = Queue.objects.create(project=project, key=key, name=key, rubric_version=version, k=2)
    rule = SamplingRule.objects.create(project=project, key=key, name=key)
    rule.revise(queue=queue, seed=key, **choices)
    row = SamplingRun.objects.create(project=project, rule_version=rule.current, tick="bench")
    begun = time.perf_counter()
    jobs.run(SamplingRun, row.pk)
    seconds = time.perf_counter() - begun
    row.refresh_from_db()
    assert row.state == "done", row.error
    return seconds, Item.objects.filter(run_id=row.pk).count()


def counted(project: Project) -> Drawn:
    """A draw by size counts its population once, for the inclusion probability: that alone."""
    draw = Draw(project, {}, "", None, 1, subject_size=1, lowest=1, highest=records.newest(project))
    begun = time.perf_counter()
    found = draw.population()
    return time.perf_counter() - begun, found


def draws(n: int, sample: int, kind: str) -> dict[str, Drawn]:
    """The best of each kind of draw from a new population."""
    project = make.project(f"bench-{uuid.uuid4().hex[:10]}")
    records.fill(project, n, records.FULL if kind == "full" else records.THIN)
    run(project, method="size", size=10)  # statements and connections are warm
    rate = min(1.0, sample / n)
    ways: dict[str, Callable[[], Drawn]] = {
        "draw by a rate": lambda: run(project, method="rate", rate=rate),
        "draw by a size": lambda: run(project, method="size", size=sample),
        "of it, counting the population": lambda: counted(project),
    }
    return {name: min(way() for _ in range(ROUNDS)) for name, way in ways.items()}


def lines(sizes: list[int], sample: int, kind: str) -> list[Line]:
    found = {n: draws(n, sample, kind) for n in sorted(sizes)}
    least = min(found)
    return [
        Line(
            f"{name}, {n:,} {kind} responses",
            f"{seconds:.2f} s, {drawn:,} {'counted' if 'count' in name else 'items'}",
            f"{least:,} responses, {found[least][name][0]:.2f} s" if n > least else "",
            seconds / found[least][name][0] if n > least else None,
            "flat: 1" if n > least and "count" not in name else "",
        )
        for name in found[least]
        for n, (seconds, drawn) in ((n, ways[name]) for n, ways in found.items())
    ]


def main() -> None:
    options = asked(
        __doc__,
        full=Size([100_000, 1_000_000], [500, 2_000]),
        thin=Size([100_000, 1_000_000, 10_000_000], [500, 2_000]),
        sample=Size(2_000, 100),
    )
    call_command("migrate", verbosity=0)
    found = [*lines(options.full, options.sample, "full"), *lines(options.thin, options.sample, "thin")]
    add("sampling", "Sampling runs", found)


if __name__ == "__main__":
    main()
