"""A cluster's scheduler: the signed request, files that open once, and reports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from standardwebhooks.webhooks import Webhook

from feedback.accounts.models import ApiKey, Project
from feedback.datasets.models import DatasetVersion
from feedback.training.models import FineTuneJob, Trainer
from tests import make
from tests.feedback.training.conftest import Begun, one_turn, trainer, until

SECRET = "whsec_enF0cmFpbmluZ3pxdHJhaW5pbmc="
Heard = list[tuple[dict[str, str], bytes]]


@pytest.fixture
def heard() -> Heard:
    return []


@pytest.fixture
def cluster(project: Project, settings: Settings, heard: Heard) -> Iterator[Trainer]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if len(heard) == 1:
                self.connection.close()  # it was heard, and the answer is lost
                return
            self.send_response(202)
            self.send_header("Content-Length", "14")
            self.end_headers()
            self.wfile.write(b'{"id": "c-17"}')

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EGRESS_ALLOW = [f"127.0.0.1:{server.server_port}"]
    yield trainer(project, "scheduler", f"http://127.0.0.1:{server.server_port}/hooks", SECRET)
    server.shutdown()
    server.server_close()


@pytest.fixture
def job(cluster: Trainer, begun: Begun) -> FineTuneJob:
    found = one_turn(one_turn(begun(cluster, method="reward", options={"steps": 10})))
    assert found.phase == "watch", found.error
    return found


def asked(heard: Heard) -> dict[str, Any]:
    """The request as the scheduler's own library reads it."""
    headers, body = heard[-1]
    told: dict[str, Any] = Webhook(SECRET).verify(body, headers)
    assert told == json.loads(body)
    return told


def program(heard: Heard) -> Client:
    return Client(headers={"Authorization": f"Bearer {asked(heard)['data']['report']['key']}"})


def report(client: Client, heard: Heard, **told: Any) -> Any:
    path = "/" + asked(heard)["data"]["report"]["url"].split("/", 3)[3]
    return client.post(path, told, content_type="application/json")


def test_it_is_asked_by_a_signed_request_that_is_known_again(job: FineTuneJob, heard: Heard) -> None:
    told = asked(heard)
    assert {headers["webhook-id"] for headers, _ in heard} == {str(job.key)}
    data = told["data"]
    assert (told["type"], data["method"], data["options"]) == ("fine-tune.requested", "reward", {"steps": 10})
    assert [(row["split"], row["rows"]) for row in data["files"]] == [
        ("train", job.train_export.n_rows),
        ("validation", job.validation_export.n_rows),
    ]
    assert job.remote_id == "c-17"
    assert SECRET[6:] not in json.dumps(told)


def test_a_file_opens_once_and_for_its_key_only(job: FineTuneJob, heard: Heard) -> None:
    path = "/" + asked(heard)["data"]["files"][0]["url"].split("/", 3)[3]
    assert Client().get(path).status_code == 401
    other = make.api_key(make.project("other"), "training:report")
    assert Client(headers={"Authorization": f"Bearer {other}"}).get(path).status_code == 404
    client = program(heard)
    answer = client.get(path)
    assert len(answer.getvalue().splitlines()) == job.train_export.n_rows
    assert answer["X-Checksum-Sha256"] == job.train_export.sha256
    assert client.get(path).json()["code"] == "link-over"
    again = client.post(f"/api/v1/fine-tunes/{job.pk}/links/").json()["files"][0]["url"]
    assert client.get("/" + again.split("/", 3)[3]).status_code == 200


def test_reports_are_kept_once_and_end_it(job: FineTuneJob, heard: Heard) -> None:
    client = program(heard)
    told: dict[str, Any] = {
        "status": "running", "step": 2, "total_steps": 10, "metrics": [{"step": 2, "name": "loss", "value": 0.6}],
        "log": [{"key": "n1:1", "text": "Step 2"}], "checkpoints": [{"name": "s3://models/2", "step": 2}],
    }  # fmt: skip
    for _ in range(2):
        assert report(client, heard, **told).json() == {"state": "running", "is_cancelling": False}
    job.refresh_from_db()
    assert (job.metrics.count(), job.lines.count(), job.done, job.total) == (1, 1, 2, 10)
    assert report(client, heard, status="succeeded", result_model="reward-1", cost="4.5").status_code == 200
    job = until(job, "done")
    assert (job.result_name, str(job.cost), job.result is not None) == ("reward-1", "4.500000", True)
    assert report(client, heard, status="running").status_code == 401  # its key ended with it
    assert not ApiKey.objects.live().filter(name__startswith="fine-tune").exists()


def test_a_failure_is_told_in_its_words(job: FineTuneJob, heard: Heard) -> None:
    report(program(heard), heard, status="failed", error="node down")
    assert until(job).error == "The scheduler says: node down"


@pytest.mark.parametrize(
    "told",
    [
        {"status": "exploded"},
        {"metrics": [{"step": -1, "name": "a", "value": 1}]},
        {"log": [{"text": ""}]},
        {"cost": -1},
    ],
)
def test_nonsense_is_refused(job: FineTuneJob, heard: Heard, told: dict[str, Any]) -> None:
    assert report(program(heard), heard, **told).status_code == 400
    assert job.metrics.count() == job.lines.count() == 0


def test_its_key_opens_no_other_fine_tune(
    job: FineTuneJob, heard: Heard, begun: Begun, version: DatasetVersion
) -> None:
    client, other = program(heard), one_turn(begun(job.trainer))
    assert client.post(f"/api/v1/fine-tunes/{other.pk}/report/", {}, "application/json").status_code == 404
    assert client.get(f"/api/v1/fine-tunes/{job.pk}/").status_code == 403


def test_cancelling_tells_it(job: FineTuneJob, heard: Heard) -> None:
    job.cancel()
    assert report(program(heard), heard, step=3).json()["is_cancelling"] is True
    assert until(job).state == "cancelled"
    assert (asked(heard)["type"], heard[-1][0]["webhook-id"]) == ("fine-tune.cancelled", f"{job.key}-cancel")
