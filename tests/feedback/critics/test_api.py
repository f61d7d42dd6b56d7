"""Assessments come in over REST and are read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Project
from feedback.audit.models import AuditEvent
from feedback.critics.models import Assessment, Critic, CriticVersion
from feedback.responses.models import Response
from tests import make

API = "/api/v1/assessments/"
CRITIC = {"slug": "grounding", "version": "4", "model": "judge-large", "criteria": "Is it in a source?"}
SPAN = {"start": 14, "end": 28, "quote": "within 30 days", "kind": "contradicted", "severity": "major"}
ROW: dict[str, Any] = {"response": "r-1", "critic": CRITIC, "score": 0.2, "label": "unsupported", "spans": [SPAN],
                       "reason": "The policy says 60."}  # fmt: skip


@pytest.fixture(autouse=True)
def response(project: Project) -> Response:
    return make.response(project, external_id="r-1")


def program(project: Project, *scopes: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, *scopes)}"})


def send(project: Project, data: Any) -> Any:
    body = data if isinstance(data, str) else json.dumps(data)
    kind = "application/x-ndjson" if isinstance(data, str) else "application/json"
    return program(project, "assessments:write").post(API, body, content_type=kind)


def rows(project: Project, **query: Any) -> list[dict[str, Any]]:
    answer = program(project, "assessments:read").get(API, query)
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_one_assessment_is_stored_once(project: Project) -> None:
    first, again = send(project, ROW), send(project, ROW)
    assert (first.status_code, first.json()) == (201, {"result": "accepted"})
    assert (again.status_code, again.json()) == (200, {"result": "repeated"})
    assert Assessment.objects.get().spans == [SPAN]
    assert AuditEvent.objects.get(verb="responses-assessed").facts == {"accepted": 1}


def test_it_is_read_as_it_was_sent(project: Project, response: Response) -> None:
    send(project, ROW)
    [found] = rows(project)
    expected = {name: ROW[name] for name in ("score", "label", "spans", "reason")}
    assert found | expected == found
    assert found["response"] == {"id": response.pk, "external_id": "r-1"}
    assert (found["critic"], found["version"]) == ("grounding", "4")


def test_another_body_of_the_same_version_is_a_conflict(project: Project) -> None:
    send(project, ROW)
    answer = send(project, ROW | {"score": 0.9})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert Assessment.objects.get().score == 0.2


def test_another_version_may_say_something_else(project: Project) -> None:
    send(project, ROW)
    assert send(project, ROW | {"critic": CRITIC | {"version": 5}, "score": 0.9}).status_code == 201
    assert [row["version"] for row in rows(project)] == ["5", "4"]


def test_a_version_with_another_model_is_another_version(project: Project) -> None:
    send(project, ROW)
    answer = send(project, ROW | {"critic": CRITIC | {"model": "judge-small"}})
    assert (answer.status_code, answer.json()["pointer"]) == (409, "/critic/model")
    assert send(project, ROW | {"critic": {"slug": "grounding", "version": "4"}}).json() == {"result": "repeated"}


def test_bad_rows_lose_no_good_one(project: Project) -> None:
    lines = [
        ROW,
        ROW | {"response": "who"},
        ROW | {"spans": [SPAN | {"quote": "within 99 days"}], "critic": CRITIC | {"version": "9"}},
        ROW | {"score": 7},
        {"response": "r-1", "critic": CRITIC},
        ROW | {"verdict": "bad"},
        ROW,
    ]
    answer = send(project, "\n".join(json.dumps(line) for line in lines)).json()
    assert (answer["accepted"], answer["repeated"], answer["refused_total"]) == (1, 1, 5)
    assert [(row["index"], row["reason"], row["pointer"]) for row in answer["refused"]] == [
        (1, "unknown", "/response"),
        (2, "invalid", "/spans/0/quote"),
        (3, "invalid", "/score"),
        (4, "invalid", "/score"),
        (5, "unknown-key", "/verdict"),
    ]


def test_spans_count_code_points(project: Project) -> None:
    make.response(project, "😀 Thirty days.", external_id="r-2")
    smile = {"start": 2, "end": 8, "quote": "Thirty", "kind": "unsupported"}
    assert send(project, ROW | {"response": "r-2", "spans": [smile]}).status_code == 201


def test_a_response_of_another_project_is_unknown(project: Project) -> None:
    make.response(make.project(), external_id="theirs")
    answer = send(project, ROW | {"response": "theirs"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"critic": "grounding"}, 2),
        ({"critic": "tone"}, 0),
        ({"version": "5"}, 1),
        ({"label": "fine"}, 1),
        ({"max_score": "0.5"}, 1),
        ({"min_score": "0.5"}, 1),
        ({"response": "r-1"}, 2),
        ({"response": "r-9"}, 0),
    ],
)
def test_they_are_narrowed(project: Project, query: dict[str, str], found: int) -> None:
    send(project, [ROW, ROW | {"critic": CRITIC | {"version": "5"}, "score": 0.8, "label": "fine"}])
    assert len(rows(project, **query)) == found


def test_a_filter_that_is_not_known_is_refused(project: Project) -> None:
    answer = program(project, "assessments:read").get(API, {"scor": "1"})
    assert answer.status_code == 400


def test_critics_are_listed_with_their_versions(project: Project) -> None:
    send(project, [ROW, ROW | {"critic": CRITIC | {"version": "5", "name": "Ignored later"}}])
    [critic] = program(project, "assessments:read").get("/api/v1/critics/").json()["results"]
    assert (critic["slug"], critic["name"]) == ("grounding", "grounding")
    assert [version["label"] for version in critic["versions"]] == ["4", "5"]


def test_a_key_needs_the_scope(project: Project) -> None:
    assert program(project, "ingest", "responses:read").get(API).status_code == 403
    denied = program(project, "assessments:read").post(API, json.dumps(ROW), content_type="application/json")
    assert denied.status_code == 403
    assert not Critic.objects.exists()


def test_many_rows_take_few_statements(project: Project) -> None:
    lines = [ROW | {"response": f"n-{number}", "spans": []} for number in range(30)]
    for line in lines:
        make.response(project, external_id=line["response"])
    send(project, ROW)  # makes the critic
    with CaptureQueriesContext(connection) as queries:
        assert send(project, lines).json()["accepted"] == 30
    assert len(queries) < 25


def test_versions_never_change(project: Project) -> None:
    send(project, ROW)
    with pytest.raises(Exception, match="frozen"):
        CriticVersion.objects.update(criteria="Anything goes.")
