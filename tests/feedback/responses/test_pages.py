"""The response list and a response's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.responses.ingest import ingest_rows
from feedback.responses.models import IngestBatch, Response
from feedback.responses.query import PAGE
from tests import make

URL = "/p/travel/responses/"
HOSTILE = "<script>alert(1)</script> ![x](https://tracker.eu/a.png) \u202eabc"


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def stored(project: Project, **fields: Any) -> Response:
    row = {"external_id": "r1", "prompt": "How long?", "output": "Thirty days.", **fields}
    ingest_rows(project, [row], batch=IngestBatch.objects.create(project=project, source="file", name="may.jsonl"))
    return Response.objects.get(project=project, external_id=row["external_id"])


def test_the_list_shows_what_was_asked_and_answered(browser: Client, project: Project) -> None:
    make.response(project, "Thirty days.", question="How long?", verdict="failed", cost="0.000125")
    page = browser.get(URL)
    assert page.status_code == 200
    for words in ("How long?", "Thirty days.", "small-1", "Failed", "0.000125", "1 response"):
        assert words in page.text


def test_the_list_is_paged_by_key_with_few_queries(
    browser: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(PAGE + 5):
        make.response(project, f"Answer {number}.", prompt_version=make.prompt_version(project))
    with django_assert_max_num_queries(10):
        first = browser.get(URL)
    assert first.text.count("Answer ") == PAGE
    second = browser.get(URL + first.context["found"].older_url)
    assert second.text.count("Answer ") == 5
    assert second.context["found"].older_url == ""
    back = browser.get(URL + second.context["found"].newer_url)
    assert [row.pk for row, _ in back.context["rows"]] == [row.pk for row, _ in first.context["rows"]]
    assert back.context["found"].newer_url == ""
    assert browser.get(URL + "?before=nonsense").status_code == 200
    assert browser.get(URL + "?before=" + "9" * 30).status_code == 200


def test_the_list_filters_and_keeps_the_filter(browser: Client, project: Project) -> None:
    make.response(project, "Kept.", verdict="failed", model_name="large-2")
    make.response(project, "Gone.")
    page = browser.get(URL + "?verdict=failed&model=large-2")
    assert "Kept." in page.text
    assert "Gone." not in page.text
    assert '<option value="large-2" selected>' in page.text
    assert "Nothing matches" in browser.get(URL + "?model=none-such").text


def test_a_wrong_filter_is_explained(browser: Client, project: Project) -> None:
    page = browser.get(URL + "?min_cost=much")
    assert page.status_code == 422
    assert "Cost from: Enter a number." in page.text


def test_htmx_gets_only_the_table(browser: Client, project: Project) -> None:
    make.response(project)
    part = browser.get(URL, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="responses">')
    assert "HX-Request" in part["Vary"]
    filtered = browser.get(URL + "?q=&origin=production&verdict=", headers={"HX-Request": "true"})
    assert filtered["HX-Push-Url"] == URL + "?origin=production"


def test_an_empty_project_is_told_what_to_do(browser: Client) -> None:
    text = browser.get(URL).text
    assert "curl http://127.0.0.1:" in text
    assert "/api/v1/responses/" in text
    assert "Import a file" in text


def test_the_page_of_a_response_shows_all_of_it(
    browser: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    response = stored(
        project, passages=[{"text": "Clause 4: 30 days", "title": "Terms", "url": "https://terms.eu"}, {"text": "b"}],
        prompt_version={"name": "claims", "version": "v7"}, model="large-2", cost="0.5", trace_id="trace-9",
        feedback=[{"kind": "thumb", "score": -1, "comment": "Too vague"}], tags=["vip"], metadata={"shard": 4},
    )  # fmt: skip
    with django_assert_max_num_queries(10):
        page = browser.get(f"{URL}{response.pk}/")
    assert page.status_code == 200
    for words in ("How long?", "Thirty days.", "Clause 4: 30 days", "https://terms.eu", "claims v7", "large-2", "0.5",
                  "trace-9", "Too vague", "vip", "shard", "may.jsonl"):  # fmt: skip
        assert words in page.text, words


def test_hostile_text_stays_text(browser: Client, project: Project) -> None:
    response = stored(
        project, prompt=HOSTILE, output=HOSTILE, tags=[HOSTILE[:30]], metadata={HOSTILE: HOSTILE},
        passages=[{"text": HOSTILE, "title": HOSTILE, "url": "javascript:alert(1)"}], feedback=[{"comment": HOSTILE}],
    )  # fmt: skip
    for address in (URL, f"{URL}{response.pk}/"):
        text = browser.get(address).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "javascript:alert" not in text


def test_odd_messages_are_shown(browser: Client, project: Project) -> None:
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.eu"}}, "look"]},
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "find", "arguments": '{"a": 1}'}}]},
        {"role": "tool", "content": None},
    ]
    response = stored(project, prompt=None, messages=messages, output={"tool_calls": [{"name": "go"}]})
    page = browser.get(f"{URL}{response.pk}/")
    for words in ("image_url", "look", "find", "go"):
        assert words in page.text


def test_another_project_and_a_reviewer_do_not_get_in(
    reviewer: Member, curator: Member, other_project: Project
) -> None:
    foreign = make.response(other_project)
    assert make.SignedIn(curator).get(f"{URL}{foreign.pk}/").status_code == 404
    assert make.SignedIn(curator).get(f"/p/{other_project.slug}/responses/").status_code == 404
    assert make.SignedIn(reviewer).get(URL).status_code == 403


def test_a_rare_filter_is_looked_for_in_so_many_at_a_time(
    browser: make.SignedIn, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page to the end and back: all that match are found, and each page says how far it looked."""
    monkeypatch.setattr("feedback.responses.query.LOOKED", 3)
    wanted = [make.response(project, licence="MIT" if number in {0, 1, 9} else "") for number in range(10)]
    found, query, pages = [], "?licence=MIT", []
    while query:
        page = browser.get(URL + query)
        pages.append(page)
        found += [row.pk for row in page.context["found"].rows]
        query = page.context["found"].older_url
    assert found == [wanted[9].pk, wanted[1].pk, wanted[0].pk]
    assert "1 response among the newest 3" in pages[0].text
    assert "Look through the next 3" in pages[1].text
    back = pages[2].context["found"]
    for rows in ([], [], [wanted[9]]):
        back = browser.get(URL + back.newer_url).context["found"]
        assert back.rows == rows
    assert back.newer_url == ""


def test_a_full_page_is_counted_no_further_than_one_looks(
    browser: make.SignedIn, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting a thousand of what few responses are would read the whole table."""
    monkeypatch.setattr("feedback.responses.query.LOOKED", 3)
    monkeypatch.setattr("feedback.responses.query.PAGE", 2)
    for _ in range(5):
        make.response(project, licence="MIT")
    page = browser.get(f"{URL}?licence=MIT")
    assert len(page.context["found"].rows) == 2
    assert "3 responses among the newest 3" in page.text


def test_a_filter_with_an_index_looks_everywhere(
    browser: make.SignedIn, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.responses.query.LOOKED", 1)
    make.response(project, trace_id="abc")
    make.response(project)
    page = browser.get(f"{URL}?trace_id=abc")
    assert "1 response" in page.text
    assert "among" not in page.text


def test_text_is_searched_for_in_all_responses_some_at_a_time(
    browser: make.SignedIn, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.responses.query.SEARCHED", 2)
    old = make.response(project, "A word nobody else says: quokka.")
    for _ in range(3):
        make.response(project)
    first = browser.get(f"{URL}?q=quokka").context["found"]
    assert first.rows == []
    assert [row.pk for row in browser.get(URL + first.older_url).context["found"].rows] == [old.pk]
    lines = b"".join(browser.get(f"{URL}export/?q=quokka&format=jsonl")).splitlines()
    assert len(lines) == 1
