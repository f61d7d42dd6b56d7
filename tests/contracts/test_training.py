"""Our own scripts with real TRL, one step each on a tiny random model, started as a page starts them."""

from __future__ import annotations

import math
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.training import local
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.start import start
from tests import make
from tests.contracts.conftest import preferred

pytestmark = [pytest.mark.contracts, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(900)]
INSTALLED = Path(__file__).resolve().parents[2] / "docs/how-to"


@pytest.fixture
def here(project: Project, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    settings.TRAINING_TEMPLATES, settings.TRAINING_PYTHON = str(INSTALLED), os.environ["CONTRACTS_PYTHON"]
    offline = {"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "2"}
    for name, value in offline.items():
        monkeypatch.setenv(name, value)
    return Trainer.objects.create(project=project, key="here", name="Here", kind="local", provider="ours")


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    """Pairs with a strength, and single answers that passed and failed, in training and validation."""
    rubric, judge = make.rubric_version(project), make.member(project)
    for number in range(12):
        preferred(project, f"{number} days.", "No idea.", question=f"How long for claim {number}?")
        response = make.response(project, f"Answer {number}", question=f"And claim {number}?", consent=True)
        answers = {"grounded": "yes" if number % 2 else "no", "helpful": 4}
        subject = make.subject(response)
        review = make.review(subject, rubric, judge, answers)
        make.verdict(subject, rubric, [review])
    shares = {"train": 0.6, "validation": 0.4, "test": 0.0}
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares=shares, salt="1")
    found = dataset.build()
    jobs.run(DatasetVersion, found.pk)
    found.refresh_from_db()
    return found


def trained(here: Trainer, version: DatasetVersion, method: str) -> FineTuneJob:
    """Its process decides how long it takes."""
    job = start(here, version, method=method, base_model=local.TINY, options={"steps": 1, "max_length": 512, "seed": 3})
    for export in (job.train_export, job.validation_export):
        jobs.run(Export, export.pk)
    until = time.monotonic() + 540
    while not job.is_finished and time.monotonic() < until:
        FineTuneJob.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
        jobs.run(FineTuneJob, job.pk)
        job.refresh_from_db()
        time.sleep(0.2)
    said = "\n".join(job.lines.order_by("pk").values_list("text", flat=True))
    assert (job.state, job.error) == ("done", ""), said
    return job


@pytest.mark.parametrize("method", FineTuneJob.Method.values)
def test_each_script_trains_a_step(here: Trainer, version: DatasetVersion, method: str) -> None:
    job = trained(here, version, method)
    loss = job.metrics.get(name="loss", step=1).value
    assert math.isfinite(loss)
    assert job.metrics.filter(name="eval_loss", step=1).exists()
    assert f'"rows_trained_on": {job.train_export.n_rows}' in job.lines.order_by("pk").last().text  # type: ignore[union-attr]
    assert (job.done, job.total) == (1, 1)
    model = local.folder_of(job) / "out/model"
    assert (model / "model.safetensors").exists()
    assert job.checkpoints == [{"name": f"training/{job.key.hex}/out/model", "step": None}]
    assert job.result is not None
    assert job.trained_tokens


def test_curves_go_to_wandb_and_mlflow_where_the_operator_says_so(
    here: Trainer, version: DatasetVersion, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRAINING_REPORT_TO = ["wandb", "mlflow"]
    store = (tmp_path / "mlruns").as_uri()
    for name, value in {
        "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_SILENT": "true", "MLFLOW_TRACKING_URI": store,
        "MLFLOW_ALLOW_FILE_STORE": "true"
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    job = trained(here, version, "dpo")
    runs = list(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    assert len(runs) == 1
    assert b"train/loss" in runs[0].read_bytes()
    assert f"touchstone-{job.short_key}".encode() in runs[0].read_bytes()
    curves = [path.read_text().split() for path in tmp_path.glob("mlruns/*/*/metrics/loss")]
    assert [len(points) for points in curves] == [3]  # one point: when, what, at which step
