"""The demo's past fine-tune, at a service that does not exist: its numbers are made up, and nobody is asked.

The trainer is switched off, so that no visitor starts one there.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.datasets import exports
from feedback.datasets.demo import KEY
from feedback.datasets.models import DatasetVersion, Export
from feedback.jobs import run
from feedback.responses.models import LanguageModel
from feedback.training.models import FineTuneJob, Trainer, TrainingLine, TrainingMetric

STEPS = 40


def fill(project: Project) -> None:
    version = DatasetVersion.objects.filter(project=project, dataset__key=KEY, state="done").order_by("pk").first()
    if version is None or project.trainers.exists():
        return
    files = [exports.request(version, Export.Shape.OPENAI, split) for split in ("train", "validation")]
    for export in files:
        run(Export, export.pk)
    trainer = Trainer(
        project=project, key="tuner", name="Tuning service (made up)", kind=Trainer.Kind.OPENAI, provider="acme",
        price_per_million_tokens=Decimal(3), is_enabled=False,
    )  # fmt: skip
    trainer.aim("https://tuner.example.org/v1", "made-up")
    with transaction.atomic():
        trainer.save()
        past(project, trainer, version, files)


def past(project: Project, trainer: Trainer, version: DatasetVersion, files: list[Export]) -> None:
    now, name = timezone.now(), "ft:small-1:travel"
    result, _ = LanguageModel.objects.get_or_create(project=project, provider=trainer.provider, name=name)
    job = FineTuneJob.objects.create(
        project=project, trainer=trainer, version=version, train_export=files[0], validation_export=files[1],
        method=FineTuneJob.Method.DPO, base_model="small-1", suffix="travel", options={"epochs": 2, "beta": 0.1},
        state="done", phase="watch", status="succeeded", done=STEPS, total=STEPS, attempt=1,
        trained_tokens=48_000, cost=Decimal("0.144"), result_name=name, result=result, heard_at=now,
        started_at=now - timedelta(minutes=31), finished_at=now,
    )  # fmt: skip
    about: dict[str, Any] = {"project": project, "job": job}
    draw = random.Random(5)
    points = []
    for step in range(1, STEPS + 1):
        loss = 0.32 + 0.37 * 0.93**step
        points.append(TrainingMetric(**about, step=step, name="train_loss", value=loss + draw.uniform(-0.02, 0.02)))
        if step % 5 == 0:
            points.append(TrainingMetric(**about, step=step, name="valid_loss", value=loss + 0.05))
    TrainingMetric.objects.bulk_create(points)
    said = ["Created fine-tuning job", "Files validated", "Training", "The job has successfully completed"]
    TrainingLine.objects.bulk_create(
        TrainingLine(**about, key=f"line-{number}", at=now - timedelta(minutes=30 - 10 * number), text=text)
        for number, text in enumerate(said)
    )
