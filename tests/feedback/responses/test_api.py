"""The ingest endpoint and the lists it fills."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from feedback.accounts.models import Member, Project
from feedback.responses.models import IngestBatch, Response
from tests import make

URL = "/api/v1/responses/"
ROW: dict[str, Any] = {"external_id": "r1", "prompt": "How long?", "output": "Thirty days."}
LINES = "application/x-ndjson"


class Sender(Client):
    def __init__(self, project: Project, *scopes: str) -> None:
        super().__init__(headers={"Authorization": f"Bearer {make.api_key(project, *scopes)}"})

    def send(self, data: Any, content_type: str = "application/json", **headers: str) -> Any:
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        return self.post(URL, data, content_type=content_type, headers=headers)


@pytest.fixture
def sender(project: Project) -> Sender:
    return Sender(project, "ingest", "responses:read")


def lines(*rows: Any) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)


def test_a_new_response_is_201_and_the_same_again_200(sender: Sender) -> None:
    first = sender.send(ROW)
    assert (first.status_code, first.json()["result"]) == (201, "accepted")
    assert sender.get(first["Location"]).json()["output"] == "Thirty days."
    again = sender.send(ROW)
    assert (again.status_code, again.json()) == (200, {**first.json(), "result": "repeated"})
    assert sender.send({"external_id": "r1", "latency_ms": 5}).json()["result"] == "filled"
    assert not IngestBatch.objects.exists()


@pytest.mark.parametrize(
    ("data", "status", "code", "pointer"),
    [
        ({**ROW, "output": "Other."}, 409, "conflict", ""),
        ({"external_id": "x", "latency_ms": 5}, 422, "unknown", "/external_id"),
        ({**ROW, "colour": 1}, 422, "unknown-key", "/colour"),
        ({**ROW, "passages": [{"text": "a", "sc/ore~": 1}]}, 422, "unknown-key", "/passages/0/sc~1ore~0"),
        ({"prompt": "a"}, 422, "invalid", "/output"),
        ({"output": "a"}, 422, "invalid", "/messages"),
        ({**ROW, "messages": [{"role": "user", "content": "a"}]}, 422, "invalid", "/messages"),
        ({"output": "a", "messages": [{"role": "user"}, {"role": "boss"}]}, 422, "invalid", "/messages/1/role"),
        ({"output": "a", "messages": [{"role": "user", "content": [1]}]}, 422, "invalid", "/messages/0/content/0"),
        ({"output": "a", "messages": []}, 422, "invalid", "/messages"),
        ({**ROW, "output": {"content": [{"type": "image"}]}}, 422, "invalid", "/output/content/0"),
        ({**ROW, "output": {"role": "user", "content": "a"}}, 422, "invalid", "/output/role"),
        ({**ROW, "output": {"content": None}}, 422, "invalid", "/output/content"),
        ({**ROW, "output": {"content": "a", "audio": {"id": 1}}}, 422, "unknown-key", "/output/audio"),
        ({**ROW, "cost": "NaN"}, 422, "invalid", "/cost"),
        ({**ROW, "cost": -1}, 422, "invalid", "/cost"),
        ({**ROW, "cost": 1e6}, 422, "invalid", "/cost"),
        ({**ROW, "latency_ms": "5"}, 422, "invalid", "/latency_ms"),
        ({**ROW, "usage": {"input_tokens": 2**31}}, 422, "invalid", "/usage/input_tokens"),
        ({**ROW, "responded_at": "2026-05-01T12:00:00"}, 422, "invalid", "/responded_at"),
        ({**ROW, "responded_at": "0001-01-01T00:00:00+10:00"}, 422, "invalid", "/responded_at"),
        ({**ROW, "feedback": [{"score": 1}, {"score": 2}]}, 422, "invalid", "/feedback/1/kind"),
        ({**ROW, "external_id": "x" * 201}, 422, "invalid", "/external_id"),
        ({**ROW, "external_id": " "}, 422, "invalid", "/external_id"),
        ({**ROW, "provider": "acme"}, 422, "invalid", "/model"),
        ("just text", 422, "invalid", ""),
    ],
)  # fmt: skip
def test_a_refused_row_says_where_and_why(sender: Sender, data: Any, status: int, code: str, pointer: str) -> None:
    sender.send(ROW)
    answer = sender.send(data)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (status, code, pointer)
    assert problem["detail"].endswith(".")
    assert Response.objects.count() == 1


def test_an_array_and_a_stream_answer_row_by_row(sender: Sender) -> None:
    bad, other = {"external_id": "bad", "output": 1}, {**ROW, "external_id": "r2"}
    answer = sender.send([ROW, bad, other])
    assert answer.status_code == 200
    result = answer.json()
    detail = result["refused"][0].pop("detail")
    assert "Expected" in detail
    batch = result.pop("batch")
    refused = [{"index": 1, "external_id": "bad", "pointer": "/output", "reason": "invalid"}]
    assert result == {"accepted": 2, "repeated": 0, "filled": 0, "refused_total": 1, "refused": refused}
    again = sender.send(lines(ROW, b"", b"{broken", other, {**ROW, "output": "x"}), LINES).json()
    assert (again["accepted"], again["repeated"]) == (0, 2)
    assert [(r["index"], r["reason"]) for r in again["refused"]] == [(2, "malformed"), (4, "conflict")]
    assert IngestBatch.objects.get(pk=batch).accepted == 2


def test_packed_bodies_are_unpacked(sender: Sender) -> None:
    rows = [{**ROW, "external_id": str(number)} for number in range(20)]
    packed = sender.send(gzip.compress(lines(*rows)), LINES, **{"Content-Encoding": "gzip"})
    assert packed.json()["accepted"] == 20
    packed = sender.send(gzip.compress(json.dumps(rows).encode()), **{"Content-Encoding": "gzip"})
    assert packed.json()["repeated"] == 20
    assert sender.send(gzip.compress(json.dumps(ROW).encode()), **{"Content-Encoding": "gzip"}).status_code == 201


def test_a_broken_stream_keeps_the_rows_before_the_break(sender: Sender) -> None:
    rows = lines(*({**ROW, "external_id": f"{number:04}", "output": f"{number * 7919}"} for number in range(3000)))
    packed = gzip.compress(rows)
    answer = sender.send(packed[: len(packed) * 2 // 3], LINES, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (400, "gzip-truncated")
    stored = answer.json()["result"]["accepted"]
    assert stored == Response.objects.count() > 500
    again = sender.send(packed, LINES, **{"Content-Encoding": "gzip"}).json()
    assert (again["accepted"], again["repeated"]) == (3000 - stored, stored)


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [("text/plain", {}), ("multipart/form-data; boundary=x", {}), ("", {}), ("application/json; charset=latin-1", {}),
     ("application/json", {"Content-Encoding": "br"})],
)  # fmt: skip
def test_other_types_are_415(sender: Sender, content_type: str, headers: dict[str, str]) -> None:
    assert sender.send(b"{}", content_type, **headers).status_code == 415


@pytest.mark.parametrize("data", [b" ", b"[", b"[1,2", b"[}", b"[] x", b'{"a":', b"\xff", b"nonsense"])
def test_a_body_that_is_no_json_is_400(sender: Sender, data: bytes) -> None:
    answer = sender.send(data)
    assert (answer.status_code, answer.json()["code"]) in {(400, "malformed"), (400, "utf8")}


def test_an_empty_array_and_an_empty_stream_have_no_rows(sender: Sender) -> None:
    assert sender.send(b" [ ] ").json()["accepted"] == 0
    assert sender.send(b"\n\n", LINES).json()["refused_total"] == 0


def test_too_large_is_413_and_a_too_large_row_is_refused_alone(sender: Sender, settings: Settings) -> None:
    settings.INGEST_MAX_ROW_BYTES = 1000
    large = {**ROW, "external_id": "large", "output": "x" * 1000}
    assert sender.send(large).status_code == 413
    result = sender.send(lines(ROW, large, {**ROW, "external_id": "r2"}), LINES).json()
    assert (result["accepted"], result["refused"][0]["reason"]) == (2, "too-large")
    assert sender.send([large]).json()["refused"][0]["reason"] == "too-large"
    settings.INGEST_MAX_BYTES = 500
    assert sender.send(lines(*[ROW] * 50), LINES).status_code == 413
    answer = sender.send(gzip.compress(lines(*[ROW] * 50)), LINES, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_it_needs_the_right_scope_and_project(project: Project, other_project: Project, reviewer: Member) -> None:
    assert Client().post(URL, ROW, content_type="application/json").status_code == 401
    assert Sender(project, "responses:read").send(ROW).status_code == 403
    assert Sender(project, "ingest").get(URL).status_code == 403
    assert make.SignedIn(reviewer).get(URL).status_code == 403
    pk = Sender(project, "ingest").send(ROW).json()["id"]
    foreign = Sender(other_project, "responses:read")
    assert foreign.get(URL).json()["results"] == []
    assert foreign.get(f"{URL}{pk}/").status_code == 404
    assert foreign.put(f"{URL}{pk}/", ROW, content_type="application/json").status_code == 405


def test_a_curator_may_send_in_a_session(curator: Member) -> None:
    client = make.SignedIn(curator)
    assert client.post(URL, ROW, content_type="application/json").status_code == 201


def test_the_list_is_filtered_and_paged(
    sender: Sender, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make.response(project, environment="a" if number < 3 else "b", prompt_version=make.prompt_version(project))
    with django_assert_max_num_queries(5):
        page = sender.get(f"{URL}?environment=a&page_size=2").json()
    assert len(page["results"]) == 2
    assert len(sender.get(page["next"]).json()["results"]) == 1
    facts = page["results"][0]
    assert (facts["prompt_version"], facts["model"]) == ({"name": "answer", "version": "v1"}, "small-1")
    assert "output" not in facts
    assert sender.get(f"{URL}?enviroment=a").status_code == 400
    assert sender.get(f"{URL}?min_cost=much").json()["errors"][0]["pointer"] == "/min_cost"
    assert len(sender.get(f"{URL}?external_id={facts['external_id']}").json()["results"]) == 1


def test_the_detail_has_everything(
    sender: Sender, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    response = make.response(project, passages=["a", "b"])
    with django_assert_max_num_queries(6):
        detail = sender.get(f"{URL}{response.pk}/").json()
    assert [passage["text"] for passage in detail["passages"]] == ["a", "b"]
    assert (detail["usage"]["input_tokens"], detail["feedback"]) == (None, [])


@pytest.mark.parametrize("offset", ["+18:03", "-23:59", "Z"])
def test_a_moment_may_be_written_with_any_offset(sender: Sender, offset: str) -> None:
    at = f"2026-03-02T09:15:00{offset}"
    answer = sender.send({**ROW, "responded_at": at, "feedback": [{"kind": "rating", "at": at}]})
    assert answer.status_code == 201
    stored = Response.objects.get()
    assert stored.responded_at == stored.user_feedback.get().at == datetime.fromisoformat(at)
