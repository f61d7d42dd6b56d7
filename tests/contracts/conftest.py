"""Files of ours for their real consumers, which live in a virtual environment of their own (`make contracts`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports
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


def run(*words: str | Path, folder: Path) -> Any:
    """What a program in the consumers' environment prints as its last line."""
    # Neither settings of this process nor the network: only the file counts.
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "2",
    }  # fmt: skip
    command = [os.environ["CONTRACTS_PYTHON"], *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "description": "For claims.", "parameters": parameters}}


def called(name: str, arguments: Any) -> list[dict[str, Any]]:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return [
        {"role": "user", "content": f"Use {name}."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": name, "content": "ok"},
    ]


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    """Of every kind of row some, in the training and in the test split."""
    for n in range(8):
        preferred(project, f'{n} "days",\nwithin.', "=No", question=f"How long for claim {n}?")
    found = {"tools": [tool("find", words={"type": "string"})]}
    preferred(project, "Found it.", "No.", messages=called("find", {"words": "claim"}), body=found)
    rubric = make.rubric_version(project)
    for n, points in enumerate((1, 5) * 4):
        asked = f"And claim {n}?"
        response = make.response(project, f"Answer {n}", question=asked, passages=["Within ten days."])
        subject = make.subject(response)
        given = {"grounded": "yes", "helpful": points, "rewrite": {"response": response.pk, "text": f"Better {n}."}}
        review = make.review(subject, rubric, make.member(project), {**given, "flags": []})
        make.verdict(subject, rubric, [review])
    shares = {"train": 0.6, "test": 0.4}
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares=shares, salt="1")
    built = dataset.build()
    jobs.run(DatasetVersion, built.pk)
    built.refresh_from_db()
    return built


def written(version: DatasetVersion, folder: Path, shape: str, format: str, packing: str = "") -> tuple[Export, Path]:
    export = exports.request(version, shape, format=format, packing=packing)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    assert export.state == "done", export.error
    path = folder / exports.file_name(export)
    with default_storage.open(export.file) as file:
        path.write_bytes(file.read())
    return export, path
