"""Fine-tunes by API: started once, followed, cancelled; two tenants."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Project
from feedback.datasets.models import DatasetVersion
from feedback.training.models import FineTuneJob, Trainer
from tests import make, world
from tests.feedback.training.conftest import trainer

URL = "https://tuner.example/v1"


def program(project: Project, *scopes: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, *scopes)}"})


@pytest.fixture
def tuner(project: Project) -> Trainer:
    return trainer(project, "openai", URL, "sk-zqtraining")


def ask(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return client.post("/api/v1/fine-tunes/", body, content_type="application/json", headers=headers)


def test_one_is_started_once_and_followed(project: Project, tuner: Trainer, version: DatasetVersion) -> None:
    client = program(project, "training:manage")
    body = {
        "trainer": "openai",
        "version": version.pk,
        "method": "dpo",
        "base_model": "small-1",
        "options": {"beta": 0.2},
    }
    first = ask(client, body, **{"Idempotency-Key": "k"})
    again = ask(client, body, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.json()["id"], FineTuneJob.objects.count()) == (202, first.json()["id"], 1)
    told = client.get(first["Location"]).json()
    assert (told["state"], told["options"], told["trainer"]) == ("queued", {"beta": 0.2}, "openai")
    assert client.post(f"{first['Location']}cancel/").json()["is_cancelling"] is True
    assert "zqtraining" not in client.get("/api/v1/trainers/").content.decode()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"method": "reward"}, "/method"),
        ({"options": {"learning_rate": 0.1}}, "/options/learning_rate"),
        ({"options": {"beta": 0}}, "/options/beta"),
        ({"base_model": "a\nb"}, "/base_model"),
        ({"suffix": "a b"}, "/suffix"),
    ],
)
def test_what_does_not_fit_is_pointed_at(
    project: Project, tuner: Trainer, version: DatasetVersion, change: dict[str, Any], pointer: str
) -> None:
    body = {"trainer": "openai", "version": version.pk, "method": "dpo", "base_model": "small-1", **change}
    answer = ask(program(project, "training:manage"), body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not FineTuneJob.objects.exists()


def test_reading_starts_nothing_and_strangers_find_nothing(
    project: Project, other_project: Project, tuner: Trainer, version: DatasetVersion
) -> None:
    job = world.fine_tune(project)
    body = {"trainer": "openai", "version": version.pk, "method": "dpo", "base_model": "small-1"}
    assert ask(program(project, "training:read"), body).status_code == 403
    theirs = program(other_project, "training:manage", "training:report")
    assert ask(theirs, body).status_code == 404
    for path in ("", "cancel/", "metrics/", "log/", "report/", "links/"):
        url = f"/api/v1/fine-tunes/{job.pk}/{path}"
        answer = theirs.get(url) if path in {"", "metrics/", "log/"} else theirs.post(url, {}, "application/json")
        assert answer.status_code == 404, path


def test_curves_are_read_in_pages_and_by_name(project: Project) -> None:
    job = world.fine_tune(project)
    for step in range(3):
        for name in ("loss", "rewards/chosen"):
            job.metrics.create(project=project, step=step, name=name, value=step / 2)
    client = program(project, "training:read")
    page = client.get(f"/api/v1/fine-tunes/{job.pk}/metrics/?name=loss&page_size=2").json()
    assert page["results"] == [{"step": 2, "name": "loss", "value": 1.0}, {"step": 1, "name": "loss", "value": 0.5}]
    assert page["next"]
