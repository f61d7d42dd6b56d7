"""What a draw costs: a fixed size and a fixed rate from populations that grow tenfold, on either database.

DATABASE_URL=postgres://… python bench/sampling.py [--sizes 10000 100000 1000000]

Rows are thin (no bodies). The claim: the seconds of a rate follow the sample, not the population.
"""

# ruff: noqa: E402 (Django is set up before its models are imported)

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import Project
from feedback.responses.models import LanguageModel, Response
from feedback.rubrics.models import Rubric, RubricVersion
from feedback.text.hashes import draw_key
from reviews.queues.models import Item, Queue
from reviews.sampling.models import SamplingRule, SamplingRun

SAMPLE = 2_000


def population(n: int) -> Project:
    project = Project.objects.create(slug=f"bench-{uuid.uuid4().hex[:10]}", name="Bench", salt="0" * 32)
    model = LanguageModel.objects.create(project=project, name="m")
    now, digest = timezone.now(), "0" * 64
    for start in range(0, n, 5_000):
        Response.objects.bulk_create(
            Response(
                project=project, model=model, external_id=f"r{i}", body_hash=digest, prompt_hash=digest,
                input_hash=f"{i:064}", fold_hash=digest, output_hash=digest, draw_key=draw_key("bench", f"r{i}"),
                responded_at=now,
            )
            for i in range(start, min(start + 5_000, n))
        )  # fmt: skip
    return project


def run(project: Project, **choices: Any) -> tuple[float, int]:
    rubric = Rubric.objects.create(project=project, name=uuid.uuid4().hex)
    version = RubricVersion.objects.create(project=project, rubric=rubric, number=1)
    key = uuid.uuid4().hex[:20]
    queue = Queue.objects.create(project=project, key=key, name=key, rubric_version=version, k=2)
    rule = SamplingRule.objects.create(project=project, key=key, name=key)
    rule.revise(queue=queue, seed="bench", **choices)
    row = SamplingRun.objects.create(project=project, rule_version=rule.current, tick="bench")
    started = time.perf_counter()
    jobs.run(SamplingRun, row.pk)
    seconds = time.perf_counter() - started
    row.refresh_from_db()
    assert row.state == "done", row.error
    return seconds, Item.objects.filter(run_id=row.pk).count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().sizes
    call_command("migrate", verbosity=0)
    print(f"{connection.vendor}: about {SAMPLE} drawn, k = 2")
    print(f"{'population':>12} {'rate: s':>9} {'items':>7} {'items/s':>9} {'size: s':>9} {'items':>7}")
    for n in sizes:
        project = population(n)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        by_rate, drawn = run(project, method="rate", rate=min(1.0, SAMPLE / n))
        by_size, sized = run(project, method="size", size=SAMPLE)
        print(f"{n:>12,} {by_rate:>9.2f} {drawn:>7} {drawn / by_rate:>9.0f} {by_size:>9.2f} {sized:>7}", flush=True)


if __name__ == "__main__":
    main()
