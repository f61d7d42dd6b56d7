"""The operator's `build` and `export`."""

from __future__ import annotations

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from feedback.accounts.models import Project
from feedback.audit.models import AuditEvent
from feedback.datasets.models import Dataset
from tests.feedback.datasets.conftest import Built, Compared

HERE = {"project": "travel"}


def told(*words: str, **options: Any) -> str:
    out = StringIO()
    call_command(*words, stdout=out, **{**HERE, **options})
    return out.getvalue()


def test_build_works_the_version_to_its_end(compared: Compared, dataset: Dataset) -> None:
    compared("AAA")
    compared("TT")
    assert "2 candidates, 1 pairs" in told("build", "answers", wait=True)
    facts = json.loads(told("build", "answers", wait=True, json=True))
    assert (facts["number"], facts["state"], facts["counts"]["excluded"]) == (2, "done", {"tie": 1})
    assert AuditEvent.objects.filter(verb="version-requested", actor="operator").count() == 2


def test_build_alone_leaves_it_to_a_worker(dataset: Dataset) -> None:
    assert told("build", "answers") == "Version 1 is queued.\n"
    assert dataset.versions.get().state == "queued"


def test_export_writes_a_file_and_its_manifest(compared: Compared, built: Built, tmp_path: Path) -> None:
    compared("AAA")
    built()
    compared("AAA")
    built()
    path = tmp_path / "pairs.jsonl"
    manifest = json.loads(told("export", "answers", shape="preference", output=path, json=True))
    assert (manifest["version"], manifest["rows"]) == (2, 2)
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    out = StringIO()
    words = ["--shape", "preference", "--version", "1", "--output", str(path), "--project", "travel"]
    call_command("export", "answers", *words, stdout=out)
    assert out.getvalue().startswith("1 rows")


@pytest.mark.parametrize(
    ("words", "options", "sentence"),
    [
        (("build", "unknown"), {}, "There is no dataset 'unknown' in 'travel'. Datasets: answers."),
        (("build", "answers"), {"project": "nowhere"}, "There is no project 'nowhere'."),
        (("export", "answers"), {"shape": "votes", "output": Path("x")}, "no such complete version"),
    ],
)
def test_what_is_not_there_is_said(
    project: Project, dataset: Dataset, words: tuple[str, ...], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        told(*words, **options)


def test_a_build_that_fails_says_why(dataset: Dataset) -> None:
    dataset.rule = {"min_share": 2}
    dataset.save()
    with pytest.raises(CommandError, match="min_share must be above 0 and at most 1"):
        told("build", "answers", wait=True)


def test_a_folder_is_no_file(built: Built, tmp_path: Path) -> None:
    built()
    with pytest.raises(CommandError, match="cannot be written"):
        told("export", "answers", shape="votes", output=tmp_path)
