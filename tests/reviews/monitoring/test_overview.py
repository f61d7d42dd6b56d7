"""The overview: its question, its tiles, its charts' tables, its parts and files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.accounts.models import Member, Project
from feedback.prompts.models import PromptVersion
from reviews.monitoring import addup
from tests import make, world
from tests.reviews.monitoring.conftest import Judge

URL = "/p/travel/overview/"
PARTS = ("", "traffic/", "queues/", "waiting/", "table.csv")


def judged(judge: Judge, version: PromptVersion | None, n: int, wrong: int, **fields: object) -> None:
    for number in range(n):
        judge(version, wrong=number < wrong, **fields)


def test_it_asks_whether_the_newest_version_is_better_and_answers(
    browser: make.SignedIn, judge: Judge, v6: PromptVersion, v7: PromptVersion
) -> None:
    judged(judge, v6, 40, 20)
    judged(judge, v7, 40, 4)
    page = browser.get(URL)
    assert "Is v7 better than v6?" in page.text
    assert "Yes: its hallucination rate is 40.0 points lower" in page.text
    assert "10.0 %" in page.text
    assert "was 50.0" in page.text
    assert 'data-value="10.0"' in page.text
    assert page.context["question"].tone == "good"


@pytest.mark.parametrize(("wrong", "answer"), [(38, "No: its"), (20, "Not shown yet")])
def test_it_says_no_or_not_yet(
    browser: make.SignedIn, judge: Judge, v6: PromptVersion, v7: PromptVersion, wrong: int, answer: str
) -> None:
    judged(judge, v6, 40, 20)
    judged(judge, v7, 40, wrong)
    assert answer in browser.get(URL).text


def test_too_few_is_written_and_no_comparison_made_of_it(
    browser: make.SignedIn, judge: Judge, v6: PromptVersion, v7: PromptVersion
) -> None:
    judged(judge, v6, 40, 20)
    judged(judge, v7, 3, 0)
    page = browser.get(URL)
    assert "How good are the answers?" in page.text
    assert "3 judged answers of v7 so far; a rate needs 20." in page.text
    assert "Too few" in page.text
    assert "too few" in page.text


def test_a_weighted_rate_says_so(browser: make.SignedIn, judge: Judge, v7: PromptVersion) -> None:
    judged(judge, v7, 30, 0, pi=0.5)
    judged(judge, v7, 30, 30, pi=1.0)
    page = browser.get(URL)
    assert "Weighted, 95 %" in page.text
    assert "33.3 %" in page.text
    assert "50.0 %" not in page.text


def test_the_rate_can_be_another_one(browser: make.SignedIn, judge: Judge, v7: PromptVersion) -> None:
    judged(judge, v7, 30, 3)
    page = browser.get(f"{URL}?measure=toxicity&days=7")
    assert "Toxicity rate by prompt version" in page.text
    assert "?days=7&amp;measure=bias" in page.text


def test_period_prompt_and_environment_are_in_the_address(
    browser: make.SignedIn, judge: Judge, v7: PromptVersion, project: Project
) -> None:
    old = timezone.now() - timedelta(days=40)
    judged(judge, v7, 25, 0, responded_at=old, environment="production")
    judged(judge, v7, 2, 0, environment="staging")
    assert browser.get(URL).context["rates"].rows[0].cells[1].value == 2
    assert browser.get(f"{URL}?days=90").context["rates"].rows[0].cells[1].value == 27
    assert browser.get(f"{URL}?days=all&environment=staging").context["rates"].rows[0].cells[1].value == 2
    gone = browser.get(f"{URL}?prompt=nowhere")
    assert "There is no prompt named “nowhere” here." in gone.text


def test_answers_without_a_prompt_version_have_a_rate_too(browser: make.SignedIn, judge: Judge) -> None:
    judged(judge, None, 25, 5)
    page = browser.get(URL)
    assert "No prompt version" in page.text
    assert "20.0 %" in page.text


def test_a_wrong_period_is_explained(browser: make.SignedIn, judge: Judge, v7: PromptVersion) -> None:
    judge(v7)
    page = browser.get(f"{URL}?days=5&prompt=claims")
    assert page.status_code == 422
    assert "5 is not one of the available choices" in page.text
    assert '<option value="claims" selected>' in page.text


def test_an_empty_project_is_told_what_to_do(browser: make.SignedIn) -> None:
    page = browser.get(URL)
    assert "Nothing to tell yet" in page.text
    assert all(browser.get(URL + part).status_code == 200 for part in PARTS)


@pytest.mark.parametrize(
    ("part", "region"), [("", "overview"), ("traffic/", "traffic"), ("queues/", "queues"), ("waiting/", "waiting")]
)
def test_htmx_gets_only_the_region_and_everybody_else_a_page(
    browser: make.SignedIn, judge: Judge, v7: PromptVersion, part: str, region: str
) -> None:
    judge(v7)
    fragment = browser.get(URL + part, headers={"HX-Request": "true"})
    assert f'id="{region}"' in fragment.text[:80]
    assert "<html" not in fragment.text
    assert "HX-Request" in fragment["Vary"]
    assert "<h1" in browser.get(URL + part).text


@pytest.mark.parametrize("part", PARTS)
def test_few_queries_however_much_there_is(
    browser: make.SignedIn, judge: Judge, v6: PromptVersion, v7: PromptVersion, project: Project, part: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for version in (v6, v7):
        judged(judge, version, 5, 1)
    for _ in range(3):
        make.items(make.queue(project))
    world.disputed(project)
    browser.get(URL + part)
    with django_assert_max_num_queries(13):  # some verdicts must be read themselves
        before = browser.get(URL + part, headers={"HX-Request": "true"})
    addup.add_up()
    with django_assert_max_num_queries(10 if part != "traffic/" else 11):
        after = browser.get(URL + part, headers={"HX-Request": "true"})
    assert before.text == after.text


@pytest.mark.parametrize("table", ["rates", "work", "latency", "tokens", "cost", "queues"])
def test_each_table_is_a_file_too(browser: make.SignedIn, judge: Judge, v7: PromptVersion, table: str) -> None:
    judge(v7)
    file = browser.get(f"{URL}table.csv?days=7&table={table}")
    assert file.status_code == 200
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert len(file.text.splitlines()) > 1 or table in {"queues", "latency"}
    assert browser.get(f"{URL}table.csv?table=nothing").status_code == 404


def test_a_hostile_label_stays_text_on_the_page_and_in_the_file(
    browser: make.SignedIn, judge: Judge, project: Project
) -> None:
    judged(judge, make.prompt_version(project, "=<script>alert(1)</script>"), 20, 1)
    assert "<script>alert" not in browser.get(URL).text
    assert "'=<script>alert(1)" in browser.get(f"{URL}table.csv").text


def test_what_needs_someone_is_linked_for_those_who_may(curator: Member, moderator: Member, project: Project) -> None:
    world.disputed(project)
    link = f'href="{reverse("quality:unsettled", args=["travel"])}">1</a>'
    assert link in make.SignedIn(moderator).get(f"{URL}waiting/").text
    assert link not in make.SignedIn(curator).get(f"{URL}waiting/").text


def test_whoever_sees_responses_lands_here_and_a_reviewer_at_work(
    curator: Member, moderator: Member, admin: Member, reviewer: Member
) -> None:
    for member in (curator, moderator, admin):
        assert make.SignedIn(member).get("/")["Location"] == URL
        assert make.SignedIn(member).get("/p/travel/")["Location"] == URL
    assert make.SignedIn(reviewer).get("/")["Location"] == "/p/travel/work/"
    assert make.SignedIn(reviewer).get("/p/travel/")["Location"] == "/p/travel/work/"


@pytest.mark.parametrize("part", PARTS)
def test_a_reviewer_and_another_project_do_not_get_in(reviewer: Member, outsider: Member, part: str) -> None:
    assert make.SignedIn(reviewer).get(URL + part).status_code == 403
    assert make.SignedIn(outsider).get(URL + part).status_code == 404
    assert make.SignedIn(make.member(reviewer.project, "curator")).post(URL + part).status_code == 405
