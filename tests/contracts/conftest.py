"""Files of ours for their real consumers, which live in a virtual environment of their own (`make contracts`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.judgements.models import Verdict
from tests import make


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "files"


def preferred(project: Project, chosen: str, rejected: str, **fields: Any) -> Verdict:
    """Three made-up votes for the first of two responses."""
    version = make.rubric_version(project, subject_size=2)
    question = fields.pop("question", "How long may I take to claim?")
    pair = [make.response(project, text, question=question, **fields) for text in (chosen, rejected)]
    subject = make.subject(*pair)
    answers = {"better": {"outcome": "preferred", "preferred": pair[0].pk, "strength": 2}}
    members = [make.member(project) for _ in range(3)]
    return make.verdict(subject, version, [make.review(subject, version, member, answers) for member in members])


def downloaded(project: Project, folder: Path, shape: str = "preference") -> Path:
    """A version of all verdicts, built, exported and fetched over HTTP as a program would."""
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares={"train": 1.0})
    client = Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:write')}"})
    version = client.post(f"/api/v1/datasets/{dataset.key}/build/").json()
    jobs.run(DatasetVersion, version["id"])
    url = f"/api/v1/dataset-versions/{version['id']}/exports/"
    export = client.post(url, {"shape": shape}, content_type="application/json").json()
    jobs.run(Export, export["id"])
    path = folder / f"{shape}.jsonl"
    path.write_bytes(client.get(f"/api/v1/exports/{export['id']}/download/").getvalue())
    return path
