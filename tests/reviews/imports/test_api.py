"""The import endpoint and the import command."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Review
from reviews.imports.models import ImportedReview
from tests import make

LABEL: dict[str, Any] = {
    "source": "survey", "external_id": "l-1", "reviewer": "A", "queue": "singles", "responses": ["r-1"],
    "answers": {"grounded": "yes", "helpful": 4},
}  # fmt: skip


@pytest.fixture(autouse=True)
def queue(project: Project) -> Any:
    make.response(project, external_id="r-1")
    return make.queue(project, key="singles", takes_imports=True)


def send(project: Project, data: Any, scope: str = "review:import", **fields: Any) -> Any:
    key = make.api_key(project, scope, **fields)
    body = data if isinstance(data, str) else json.dumps(data)
    kind = "application/x-ndjson" if isinstance(data, str) else "application/json"
    headers = {"Authorization": f"Bearer {key}"}
    return Client().post(reverse("api:imported-review-list"), body, content_type=kind, headers=headers)


def test_one_label_is_created_once(project: Project) -> None:
    first, again = send(project, LABEL), send(project, LABEL)
    assert (first.status_code, first.json()) == (201, {"result": "accepted"})
    assert (again.status_code, again.json()) == (200, {"result": "repeated"})
    assert Review.objects.count() == 1


def test_another_body_is_a_conflict(project: Project) -> None:
    send(project, LABEL)
    answer = send(project, LABEL | {"note": "Changed."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"


def test_a_wrong_answer_is_explained(project: Project) -> None:
    answer = send(project, LABEL | {"answers": {"grounded": "yes", "helpful": 9}})
    assert answer.status_code == 422
    assert answer.json()["pointer"] == "/answers/helpful"
    assert answer.json()["detail"] == "The scale goes from 1 to 5."


def test_an_array_tells_of_each_refused_row(project: Project) -> None:
    rows = [LABEL, LABEL | {"external_id": "l-2", "reviewer": "B"}, {"source": "survey"}, 7]
    answer = send(project, rows)
    assert answer.status_code == 200
    data = answer.json()
    assert (data["accepted"], data["repeated"], data["refused_total"]) == (2, 0, 2)
    assert [(row["index"], row["pointer"]) for row in data["refused"]] == [(2, "/external_id"), (3, "")]
    assert AuditEvent.objects.get(verb="reviews-imported").facts == {"accepted": 2}


def test_a_stream_of_lines_is_taken(project: Project) -> None:
    lines = [json.dumps(LABEL | {"external_id": str(n), "reviewer": str(n)}) for n in range(3)]
    assert send(project, "\n".join([*lines, "{broken"])).json()["accepted"] == 3


def test_it_notes_who_imported(project: Project, curator: Member) -> None:
    send(project, LABEL, member=curator)
    assert ImportedReview.objects.get().imported_by == curator


def test_it_needs_the_scope_and_the_role(project: Project, reviewer: Member) -> None:
    assert send(project, LABEL, scope="review").status_code == 403
    assert send(project, LABEL, member=reviewer).status_code == 403
    assert Client().post(reverse("api:imported-review-list")).status_code == 401


def test_a_key_of_another_project_finds_nothing(other_project: Project) -> None:
    assert send(other_project, LABEL).json()["pointer"] == "/queue"


def test_the_command_imports_a_file_and_says_what_became_of_it(project: Project, tmp_path: Path) -> None:
    file, out, err = tmp_path / "labels.jsonl", StringIO(), StringIO()
    file.write_text("\n".join(json.dumps(row) for row in (LABEL, LABEL | {"external_id": "l-2", "responses": ["r-9"]})))
    with pytest.raises(SystemExit) as stop:
        call_command("import_labels", str(file), project=project.slug, json=True, stdout=out, stderr=err)
    assert stop.value.code == 1
    assert json.loads(out.getvalue()) == {"accepted": 1, "repeated": 0, "refused": 1}
    assert "line 2 (l-2): /responses/0: No response has this external id." in err.getvalue()


def test_the_command_explains_a_missing_file_and_project(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_labels", str(tmp_path / "none.jsonl"), project=project.slug)
    with pytest.raises(CommandError, match="no project"):
        call_command("import_labels", str(tmp_path / "none.jsonl"), project="nowhere")


def test_a_moment_may_be_written_with_any_offset(project: Project) -> None:
    at = "2026-03-02T09:15:00+18:03"
    assert send(project, LABEL | {"reviewed_at": at}).status_code == 201
    assert Review.objects.get().submitted_at == datetime.fromisoformat(at)
