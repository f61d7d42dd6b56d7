"""Versions of a prompt beside each other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.prompts.models import PromptVersion
from feedback.responses.models import Price
from reviews.monitoring import addup
from tests import make
from tests.reviews.monitoring.conftest import Judge


def url(version: PromptVersion, *chosen: PromptVersion) -> str:
    query = "&".join(f"version={each.pk}" for each in chosen)
    return f"/p/travel/overview/prompts/{version.prompt_id}/" + (f"?{query}" if query else "")


@pytest.fixture
def both(judge: Judge, v6: PromptVersion, v7: PromptVersion) -> tuple[PromptVersion, PromptVersion]:
    for number in range(25):
        judge(v6, wrong=number < 15, cost=Decimal("0.02"))
        judge(v7, wrong=number < 2, cost=Decimal("0.03"))
    return v6, v7


def test_all_versions_of_a_prompt_with_quality_and_cost(
    browser: make.SignedIn,
    both: tuple[PromptVersion, PromptVersion],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    addup.add_up()
    with django_assert_max_num_queries(11):
        page = browser.get(url(both[0]))
    for words in ("v6", "v7", "60.0 %", "8.0 %", "0.020", "Hallucination rate by version"):
        assert words in page.text, words


def test_two_versions_with_what_lies_between_them(
    browser: make.SignedIn,
    both: tuple[PromptVersion, PromptVersion],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    addup.add_up()
    with django_assert_max_num_queries(11):
        page = browser.get(url(both[0], *both))
    rows = {row.label: row.cells for row in page.context["table"].rows}
    gap = rows["Hallucination rate"][2]
    assert gap.text == "−52.0 points"
    assert gap.high is not None
    assert gap.low is not None
    assert gap.low < -52 < gap.high < 0
    assert rows["Cost each"][2].value == pytest.approx(0.01)
    assert rows["Judged"][0].value == 25


def test_costs_say_their_currency(browser: make.SignedIn, both: tuple[PromptVersion, PromptVersion]) -> None:
    model = make.response(both[0].project, model_name="small-1").model
    assert model is not None
    day = date(2026, 1, 1)
    Price.objects.create(project=both[0].project, model=model, valid_from=day, currency="EUR", input=1, output=2)
    assert "Cost each, EUR" in browser.get(url(both[0])).text
    assert "Cost per passed answer, EUR" in browser.get(url(both[0], *both)).text
    Price.objects.create(project=both[0].project, model=model, valid_from=day, currency="USD", input=1, output=2)
    assert "Cost each, EUR and USD" in browser.get(url(both[0])).text


def test_too_few_is_no_difference(browser: make.SignedIn, judge: Judge, v6: PromptVersion, v7: PromptVersion) -> None:
    judge(v6, cost=Decimal("0.02"))
    judge(v7)
    rows = {row.label: row.cells for row in browser.get(url(v6, v6, v7)).context["table"].rows}
    assert rows["Hallucination rate"][2].text == "too few"
    assert rows["Cost each"][2].text == "too few"
    assert rows["Median latency, ms"][2].text == ""


def test_a_prompt_without_versions_has_an_empty_table(browser: make.SignedIn, v6: PromptVersion) -> None:
    v6.delete()
    assert browser.get(url(v6)).status_code == 200


def test_htmx_gets_the_region_only(browser: make.SignedIn, both: tuple[PromptVersion, PromptVersion]) -> None:
    part = browser.get(url(both[0], *both), headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="quality">')


def test_versions_of_other_prompts_and_projects_are_not_there(
    browser: make.SignedIn, project: Project, other_project: Project, v6: PromptVersion, reviewer: Member
) -> None:
    other, foreign = make.prompt_version(project, "v1", name="greeting"), make.prompt_version(other_project, "v1")
    assert browser.get(url(v6, v6, other)).status_code == 404
    assert browser.get(url(foreign)).status_code == 404
    assert browser.get(url(v6) + "?version=x&version=9" + "9" * 30).status_code == 200
    assert make.SignedIn(reviewer).get(url(v6)).status_code == 403
