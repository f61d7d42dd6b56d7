"""Chips of what is set, the choice of columns, and paging backwards."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.responses.columns import COLUMNS, DEFAULT, chosen
from feedback.responses.query import PAGE, Query
from tests import make

URL = "/p/travel/responses/"


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def test_columns_are_chosen_by_name_and_stay_in_their_order() -> None:
    assert [column.key for column in chosen(["cost,asked", "id"])] == ["asked", "id", "cost"]
    assert tuple(column.key for column in chosen(["nonsense", ""])) == DEFAULT


def test_every_column_is_shown(browser: Client, project: Project) -> None:
    make.response(project, tags=["vip"], licence="CC0", segment="gold", consent=True)
    text = browser.get(f"{URL}?columns={','.join(COLUMNS)}").text
    for column in COLUMNS.values():
        assert f">{column.label}</th>" in text
    for words in ("vip", "CC0", "gold", "acme"):
        assert words in text


def test_the_link_is_there_whatever_is_chosen(browser: Client, project: Project) -> None:
    row = make.response(project)
    for chosen_columns in ("cost", "model,verdict", "external_id,cost", "tags"):
        assert f'<th scope="row"><a href="{URL}{row.pk}/">' in browser.get(f"{URL}?columns={chosen_columns}").text


def test_the_address_keeps_columns_that_are_not_the_usual_ones(browser: Client, project: Project) -> None:
    make.response(project)
    head = {"HX-Request": "true"}
    usual = "&".join(f"columns={key}" for key in DEFAULT)
    assert browser.get(f"{URL}?{usual}&q=", headers=head)["HX-Push-Url"] == f"{URL}?"
    assert browser.get(f"{URL}?columns=id&columns=cost", headers=head)["HX-Push-Url"] == f"{URL}?columns=id%2Ccost"


def test_each_filter_that_is_set_can_be_taken_away(browser: Client, project: Project) -> None:
    text = browser.get(f"{URL}?verdict=failed&min_cost=1&columns=id").text
    assert 'href="?min_cost=1&amp;columns=id" aria-label="Remove Verdict: Failed"' in text
    assert 'href="?verdict=failed&amp;columns=id" aria-label="Remove Cost from: 1"' in text
    assert "Nothing matches" in text


def test_a_filter_that_is_not_known_is_told_and_can_be_taken_away(browser: Client, project: Project) -> None:
    make.response(project, "Hidden until then.")
    page = browser.get(f"{URL}?enviroment=x")
    assert page.status_code == 422
    assert "There is no filter &#x27;enviroment&#x27;" in page.text
    assert 'aria-label="Remove enviroment: x"' in page.text
    assert "Hidden until then." not in page.text


def test_equal_queries_are_equal_texts(project: Project) -> None:
    one = Query(project, QueryDict("verdict=failed&columns=id&columns=cost&model=a&before=9"))
    other = Query(project, QueryDict("model=a&columns=cost,id&verdict=failed&q="))
    assert one.encoded() == other.encoded() == "model=a&verdict=failed&columns=id%2Ccost"


def test_the_count_stops_at_a_thousand(browser: Client, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedback.responses.views.COUNTED", 2)
    for _ in range(3):
        make.response(project)
    assert "2 or more responses" in browser.get(URL).text


def test_paging_backwards_comes_to_the_same_pages(browser: Client, project: Project) -> None:
    made = [make.response(project).pk for _ in range(2 * PAGE + 3)][::-1]
    first = browser.get(URL).context["found"]
    second = browser.get(URL + first.older_url).context["found"]
    third = browser.get(URL + second.older_url).context["found"]
    assert [row.pk for row in [*first.rows, *second.rows, *third.rows]] == made
    back = browser.get(URL + third.newer_url).context["found"]
    assert [row.pk for row in back.rows] == [row.pk for row in second.rows]
    assert back.older_url
    assert back.newer_url
    empty = browser.get(f"{URL}?before=1")
    assert "Nothing further" in empty.text
