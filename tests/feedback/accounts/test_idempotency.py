"""A POST under an Idempotency-Key creates once, whatever happens to its answer."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now
from django.test import Client

from feedback.accounts.models import ApiKey, IdempotencyKey, Member, Project
from feedback.accounts.tasks import forget_idempotency_keys
from feedback.datasets.models import DatasetVersion
from feedback.permissions import SCOPES
from feedback.responses.models import IngestBatch, Response
from reviews.sampling.models import SamplingRun
from tests import make, world

INGEST = "/api/v1/responses/"


class Program(Client):
    def __init__(self, project: Project, **options: Any) -> None:
        key = make.api_key(project, *SCOPES)
        super().__init__(headers={"Authorization": f"Bearer {key}"}, **options)

    def send(
        self, path: str, data: Any = b"", *, key: str = "a", kind: str = "application/json", **headers: str
    ) -> Any:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.generic("POST", path, body, content_type=kind, headers={"Idempotency-Key": key, **named})


@pytest.fixture
def program(project: Project) -> Program:
    return Program(project)


def finished(run: int) -> None:
    """An unfinished run would be answered to everybody, key or not."""
    SamplingRun.objects.filter(pk=run).update(state="done")


def test_a_repeat_gets_the_stored_answer_and_starts_nothing(project: Project, program: Program) -> None:
    path = f"/api/v1/sampling-rules/{make.sampling_rule(make.queue(project)).key}/run/"
    first = program.send(path)
    finished(first.json()["id"])
    again = program.send(path)
    assert (again.status_code, again.content, again["Location"]) == (202, first.content, first["Location"])
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert program.send(path, key="b").json()["id"] != first.json()["id"]
    assert SamplingRun.objects.count() == 2


def test_another_request_under_the_key_is_refused(project: Project, program: Program) -> None:
    version = world.version(project)
    path = f"/api/v1/dataset-versions/{version.pk}/exports/"
    made = program.send(path, {"shape": "votes"})
    assert made.status_code == 202
    for other in (
        program.send(path, {"shape": "preference"}),
        program.send(f"/api/v1/datasets/{version.dataset.key}/build/"),
        program.send(path + "?x=1", {"shape": "votes"}),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert program.send(path, {"shape": "votes"}).content == made.content
    assert DatasetVersion.objects.count() == 1


def test_what_was_refused_may_be_mended_under_the_same_key(project: Project, program: Program) -> None:
    path = f"/api/v1/dataset-versions/{world.version(project).pk}/exports/"
    assert program.send(path, {"shape": "parquet"}).status_code == 400
    assert program.send("/api/v1/datasets/nowhere/build/").status_code == 404
    assert not IdempotencyKey.objects.exists()
    assert program.send(path, {"shape": "votes"}).status_code == 202


def test_a_key_is_its_callers_own(project: Project, program: Program, curator: Member, admin: Member) -> None:
    rule = make.sampling_rule(make.queue(project))
    callers = [program, Program(project), make.SignedIn(curator), make.SignedIn(admin)]
    for caller in callers:
        answer = caller.post(f"/api/v1/sampling-rules/{rule.key}/run/", headers={"Idempotency-Key": "a"})
        assert "Idempotency-Replayed" not in answer
        finished(answer.json()["id"])
    assert (SamplingRun.objects.count(), IdempotencyKey.objects.count()) == (4, 4)
    assert "a" not in IdempotencyKey.objects.values_list("digest", flat=True)


@pytest.mark.parametrize("key", ["", " ", "ü", "a b", "x" * 201])
def test_a_key_that_is_none_is_refused(project: Project, program: Program, key: str) -> None:
    answer = program.send(f"/api/v1/datasets/{world.version(project).dataset.key}/build/", key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key")


def test_an_answer_and_what_it_tells_of_stand_or_fall_together(
    project: Project, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise OSError("killed between the two")

    path = f"/api/v1/sampling-rules/{make.sampling_rule(make.queue(project)).key}/run/"
    careless = Program(project, raise_request_exception=False)
    with monkeypatch.context() as patch:
        patch.setattr("feedback.accounts.idempotency.Call.keep", broken)
        assert careless.send(path).status_code == 500
    assert (SamplingRun.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert careless.send(path).status_code == 202


def test_after_a_day_a_key_is_free_again(project: Project, program: Program) -> None:
    path = f"/api/v1/sampling-rules/{make.sampling_rule(make.queue(project)).key}/run/"
    first = program.send(path).json()["id"]
    finished(first)
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=24, seconds=1))
    second = program.send(path)
    assert (second.status_code, second.json()["id"] == first) == (202, False)
    assert IdempotencyKey.objects.count() == 1
    assert forget_idempotency_keys() == 0
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=24, seconds=1))
    assert forget_idempotency_keys() == 1


ROW = {"external_id": "r-1", "prompt": "How long?", "output": "30 days."}
LINES = b'{"external_id": "a", "prompt": "p", "output": "o"}\n{"output": 1}\n'


def test_a_delivery_is_answered_again(program: Program) -> None:
    first, again = (program.send(INGEST, ROW) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert program.send(INGEST, ROW, key="b").json()["result"] == "repeated"
    other = program.send(INGEST, {**ROW, "external_id": "r-2"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert Response.objects.count() == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_stream_is_answered_again(program: Program, packed: bool) -> None:
    body, headers = (gzip.compress(LINES), {"Content_Encoding": "gzip"}) if packed else (LINES, {})
    first, again = (program.send(INGEST, body, kind="application/x-ndjson", **headers) for _ in range(2))
    assert (first.json()["accepted"], first.json()["refused_total"]) == (1, 1)
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert IngestBatch.objects.count() == 1
    other = program.send(INGEST, body + b"\n", kind="application/x-ndjson", **headers)
    assert other.status_code == 422


@pytest.mark.django_db(transaction=True)
def test_many_at_once_create_once(project: Project) -> None:
    """With every answer the same, or "in flight" where the database can tell (PostgreSQL)."""
    rule, secret = make.sampling_rule(make.queue(project)), make.api_key(project, "queues:write")
    answers: list[Any] = []
    ready = threading.Barrier(8)

    def ask() -> None:
        browser = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "a"})
        ready.wait()
        answers.append(browser.post(f"/api/v1/sampling-rules/{rule.key}/run/"))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [answer for answer in answers if answer.status_code == 202]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 8
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotency-Replayed" not in answer for answer in done) == 1
    assert all((one.json()["code"], one["Retry-After"]) == ("in-flight", "1") for one in waiting)
    assert SamplingRun.objects.count() == IdempotencyKey.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_repeat_does_not_wait_for_the_first(project: Project) -> None:
    rule, secret = make.sampling_rule(make.queue(project)), make.api_key(project, "queues:write")
    browser = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "a"})
    path, met = f"/api/v1/sampling-rules/{rule.key}/run/", []

    def repeat() -> None:
        met.append(browser.post(path).status_code)
        connections.close_all()

    browser.get("/api/v1/sampling-rules/")  # the key's own row is marked as used, once a minute
    with transaction.atomic():
        assert browser.post(path).status_code == 202
        thread = threading.Thread(target=repeat)
        thread.start()
        thread.join(timeout=20)
        assert met == [409]
    repeat()
    assert met == [409, 202]


def test_the_lock_is_nothing_to_other_keys(project: Project, program: Program) -> None:
    assert connection.vendor in {"postgresql", "sqlite"}
    assert ApiKey.objects.count() == 1
    first, second = (make.sampling_rule(make.queue(project)) for _ in range(2))
    with transaction.atomic():
        for rule, key in ((first, "a"), (second, "b")):
            assert program.send(f"/api/v1/sampling-rules/{rule.key}/run/", key=key).status_code == 202
