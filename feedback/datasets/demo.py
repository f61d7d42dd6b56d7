"""The demo's dataset, built once from what is settled."""

from __future__ import annotations

from feedback.accounts.models import Project
from feedback.datasets.exports import request
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.datasets.rule import DEFAULT_SHARES, Rule
from feedback.jobs import run

KEY = "better-answers"


def fill(project: Project) -> None:
    rule = Rule(min_votes=2, min_share=0.6, system_prompts="without")
    fields = {"name": "Better answers", "rule": rule.as_json(), "shares": DEFAULT_SHARES}
    dataset, created = Dataset.objects.get_or_create(project=project, key=KEY, defaults=fields)
    if not created:
        return
    version = dataset.build()
    run(DatasetVersion, version.pk)
    for shape in (Export.Shape.PREFERENCE, Export.Shape.REVISION):
        run(Export, request(DatasetVersion.objects.get(pk=version.pk), shape).pk)
