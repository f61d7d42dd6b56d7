"""What every route of the API has in common: tags, pages, bodies, and what is refused before anything is done."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from feedback.accounts.models import Member, Project
from tests import make, world

LIST = "/api/v1/responses/"


@pytest.fixture
def program(project: Project) -> Client:
    key = make.api_key(project, "responses:read", "reviews:read", "queues:write", "datasets:read")
    return Client(headers={"Authorization": f"Bearer {key}"})


def test_what_is_known_is_not_sent_again(program: Client, project: Project) -> None:
    response = make.response(project)
    for path in (LIST, f"{LIST}{response.pk}/"):
        first = program.get(path)
        for tag in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
            again = program.get(path, headers={"If-None-Match": tag})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert int(again["RateLimit-Remaining"]) < int(first["RateLimit-Remaining"])
        assert program.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    make.response(project)
    assert program.get(LIST, headers={"If-None-Match": program.get(LIST)["ETag"] + "x"}).status_code == 200


def test_a_download_is_not_sent_again(program: Client, project: Project, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    export = world.export(project)
    path = f"/api/v1/exports/{export.pk}/download/"
    tag = program.get(path)["ETag"]
    assert program.get(path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["responses", "reviews", "verdicts", "prompts", "prompt-versions", "rubrics", "queues",
                                  "sampling-rules", "datasets"])  # fmt: skip
def test_a_parameter_that_is_not_known_is_refused(program: Client, path: str) -> None:
    assert program.get(f"/api/v1/{path}/").status_code == 200
    refused = program.get(f"/api/v1/{path}/?modell=small-1")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert refused.json()["errors"][0]["pointer"] == "/modell"


@pytest.mark.parametrize("path", ["responses/?responded_after", "reviews/?submitted_before", "verdicts/?created_after"])
def test_a_moment_may_have_any_offset(program: Client, path: str) -> None:
    assert program.get(f"/api/v1/{path}=2026-03-02T09:22:02%2B18:03").status_code == 200


def test_no_text_reaches_the_database_with_nul(program: Client) -> None:
    assert program.get("/api/v1/preference-pairs/?dataset=a%00").status_code == 400


@pytest.mark.parametrize("query", ["verdict=", "verdict=passed&verdict=failed", "q=", "consent=", "model=%00",
                                   "responded_after=0001-01-01T00:00:00%2B18:03"])  # fmt: skip
def test_a_parameter_has_one_value(program: Client, query: str) -> None:
    refused = program.get(f"{LIST}?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"/{query.partition('=')[0]}")


def cursor(**parts: str) -> str:
    return base64.b64encode(urlencode(parts).encode()).decode()


@pytest.mark.parametrize(
    "given", ["x", cursor(p="abc"), cursor(p="1.5"), cursor(p="9" * 40), cursor(p="²"), "=x", "a b"]
)
def test_a_cursor_that_is_nobodys_is_refused(program: Client, project: Project, given: str) -> None:
    make.response(project)
    refused = program.get(LIST, {"cursor": given})
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor")


@pytest.mark.parametrize("given", ["0", "-1", "1001", "ten", "1e2", "٣"])
def test_a_page_has_one_to_a_thousand_rows(program: Client, project: Project, given: str) -> None:
    refused = program.get(LIST, {"page_size": given})
    assert (refused.status_code, refused.json()["code"]) == (400, "page-size")


def test_pages_follow_each_other(program: Client, project: Project) -> None:
    made = [make.response(project).pk for _ in range(5)]
    url, seen = f"{LIST}?page_size=2", []
    while url:
        page = program.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == made[::-1]


BODIES = [
    (b"{}", {"content_type": "text/plain"}, 415, "unsupported-media-type"),
    (b"{}", {"content_type": "application/json; charset=utf-7"}, 415, "charset"),
    ("{}".encode("utf-16"), {"content_type": "application/json"}, 400, "utf8"),
    (b"{}", {"content_type": "application/json", "headers": {"Content-Encoding": "gzip"}}, 415, "encoding"),
    (b" " * (4 * 1024 * 1024 + 1), {"content_type": "application/json"}, 413, "too-large"),
    (b"", {"content_type": "application/json", "headers": {"Transfer-Encoding": "chunked"}}, 411, "length-required"),
]


@pytest.mark.parametrize(("body", "how", "status", "code"), BODIES)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "a"}], ids=["plain", "under a key"])
def test_a_body_is_json_in_utf8_of_bounded_size(
    project: Project, body: bytes, how: dict[str, Any], status: int, code: str, key: dict[str, str]
) -> None:
    program = Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:write')}"})
    path = f"/api/v1/dataset-versions/{world.version(project).pk}/exports/"
    how = {**how, "headers": {**how.get("headers", {}), **key}}
    answer = program.generic("POST", path, body, **how)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_the_answer_is_json_whatever_a_query_says(curator: Member) -> None:
    browser = make.SignedIn(curator)
    assert browser.get(LIST, {"format": "api"}).status_code == 400
    refused = browser.get(LIST, headers={"Accept": "text/html"})
    assert (refused.status_code, refused["Content-Type"]) == (406, "application/problem+json")
