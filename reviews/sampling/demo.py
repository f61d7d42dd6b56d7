"""The demo's rules: most of the stream for single judgements, most questions once more as pairs. Run at once."""

from __future__ import annotations

from typing import Any

from feedback.accounts.models import Member, Project
from feedback.jobs import run
from reviews.queues.demo import GROUNDED, PAIRS
from reviews.sampling.models import SamplingRule, SamplingRun

RULES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("sample-of-production", "Sample of production", GROUNDED, {"rate": 0.8, "filter": {"environment": "production"}}),
    ("two-answers-to-one-question", "Two answers to one question", PAIRS, {"rate": 0.8}),
    ("v6-model-against-model", "v6, model against model", PAIRS, {"rate": 1.0, "filter": {"prompt_version": "v6"}}),
]


def fill(project: Project) -> None:
    curator = Member.objects.filter(project=project, role="curator").first()
    for key, name, queue, choices in RULES:
        rule, created = SamplingRule.objects.get_or_create(project=project, key=key, defaults={"name": name})
        if not created:
            continue
        target = project.queues.get(key=queue)
        rule.revise(by=curator or "system", queue=target, method="rate", seed=key, **choices)
        run(SamplingRun, rule.start(by=curator).pk)
