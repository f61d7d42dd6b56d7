"""The overview in a real browser: drawn charts that follow the theme, tables under them, no complaint."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from feedback.judgements.models import Verdict
from feedback.rubrics.ready import helpfulness_rubric
from tests import make
from tests.browser.keys import until
from tests.browser.pages import open_whole

INK = "Object.values(Chart.instances).map(chart => chart.options.scales.y.ticks.color)"


@pytest.fixture
def curator(transactional_db: None) -> Member:
    project = make.project("travel", name="Travel assistant")
    rubric = helpfulness_rubric(project)
    for label, wrong in (("v6", 12), ("v7", 3)):
        version = make.prompt_version(project, label, name="claims")
        for number in range(24):
            at = timezone.now() - timedelta(days=number % 6)
            about = {"input_tokens": 90, "output_tokens": 40, "cost": "0.002", "latency_ms": 300 + number}
            response = make.response(project, prompt_version=version, responded_at=at, **about)  # type: ignore[arg-type]
            grounded = {"kind": "yes_no", "value": "no" if number < wrong else "yes", "share": 1.0, "n": 2}
            Verdict.objects.create(
                project=project, subject=make.subject(response), rubric_version=rubric, origin="q", method="consensus",
                answers={"grounded": grounded}, is_failure=number < wrong, n_reviews=2, inclusion_probability=0.5,
            )  # fmt: skip
    return make.member(project, "curator", name="Cleo Curator")


def overview(page: Page) -> None:
    page.goto("/p/travel/overview/")
    expect(page.locator("#queues-title")).to_be_visible()
    expect(page.locator(".drawing canvas")).to_have_count(5)
    until(page, "Object.keys(Chart.instances).length === 5")


def test_charts_are_drawn_from_their_tables_and_follow_the_theme(curator: Member, signed_in: Any) -> None:
    page = signed_in(curator, color_scheme="light", reduced_motion="reduce")
    overview(page)
    rates = "Object.values(Chart.instances).find(c => c.config.type === 'lineWithErrorBars').data.datasets[0].data"
    assert [round(point["y"], 1) for point in page.evaluate(rates)] == [50.0, 12.5]
    assert all(point["yMin"] < point["y"] < point["yMax"] for point in page.evaluate(rates))
    before = page.evaluate(INK)
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Dark").click()
    until(page, f"JSON.stringify({INK}) !== {json.dumps(json.dumps(before, separators=(',', ':')))}")
    assert len(page.evaluate(INK)) == 5
    page.locator("#rates-title").locator("xpath=../..").get_by_text("Table").click()
    expect(page.locator("#rates-table")).to_contain_text("12.5 %")
    labels = [place.get_attribute("aria-label") for place in page.get_by_role("img").all()]
    assert all("table below" in str(label) for label in labels)


def test_another_rate_is_swapped_in_and_drawn_again(curator: Member, signed_in: Any) -> None:
    page = signed_in(curator)
    overview(page)
    page.get_by_role("link", name="Failed").click()
    expect(page.locator("#rates-title")).to_have_text("Failed rate by prompt version")
    until(page, "Object.keys(Chart.instances).length === 5")
    assert "measure=failure" in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["overview/", "overview/traffic/", "prompts/", "PROMPT/", "PROMPT/compare/"])
def test_everybody_can_use_it_at_any_width(curator: Member, signed_in: Any, scheme: str, path: str) -> None:
    page = signed_in(curator, width=390, color_scheme=scheme, reduced_motion="reduce")
    open_whole(page, "/p/travel/" + path.replace("PROMPT", f"prompts/{curator.project.prompts.get().pk}"))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_scripts_there_are_tables_and_links(curator: Member, signed_in: Any) -> None:
    page = signed_in(curator, java_script_enabled=False)
    page.goto("/p/travel/overview/")
    expect(page.locator(".drawing")).to_be_hidden()
    page.get_by_text("Table", exact=True).click()
    expect(page.locator("#rates-table")).to_be_visible()
    page.get_by_role("link", name="What came in, tokens, cost and latency").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Responses, tokens, cost and latency")
