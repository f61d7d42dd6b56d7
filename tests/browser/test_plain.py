"""Without scripts: everything but marking words works, by forms and links alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.judgements.models import Comparison, Review
from reviews.queues.models import Assignment
from tests.browser.desk import drawn
from tests.browser.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


@pytest.fixture
def page(world: World, signed_in: Any) -> Page:
    found: Page = signed_in(world.reviewer, java_script_enabled=False)
    return found


def begin(page: Page, queue: str) -> None:
    page.get_by_role("listitem").filter(has_text=queue).get_by_role("button").click()
    expect(page.locator("#review-form")).to_be_visible()


def answer(page: Page, question: str, choice: str) -> None:
    group = page.get_by_role("group", name=question)
    group.get_by_role("radio", name=choice).check()


def test_a_review_is_sent_and_the_next_item_comes(page: Page, watch: Any) -> None:
    begin(page, "Groundedness")
    watch.expected = {422}
    answer(page, "Is everything it states", "Yes")
    page.get_by_label("Corrected answer").fill("Fully rewritten 🙂.")
    page.get_by_role("button", name="Submit, next").click()
    expect(page.get_by_text("This question needs an answer.").first).to_be_visible()
    expect(page.get_by_label("Corrected answer")).to_have_value("Fully rewritten 🙂.")
    answer(page, "How well does it answer", "4")
    answer(page, "Is it insulting", "No")
    answer(page, "Does it treat people", "No")
    page.get_by_role("button", name="Submit, next").click()
    expect(page.get_by_text("1 done today")).to_be_visible()
    assert Review.objects.get().corrections.get().text == "Fully rewritten 🙂."


def test_a_pair_is_judged_taken_back_and_skipped(page: Page, world: World) -> None:
    begin(page, "Which is better")
    answer(page, "Which answer is better", "Equal")
    page.get_by_role("button", name="Submit, next").click()
    expect(page.get_by_text("1 done today")).to_be_visible()
    assert Comparison.objects.get().outcome == "tie"
    page.get_by_role("button", name="Undo last").click()
    expect(page.get_by_role("radio", name="Equal")).to_be_checked()
    page.locator("summary", has_text="Skip").click()
    page.get_by_label("Why skip it?").select_option("language")
    page.get_by_role("button", name="Skip this item").click()
    expect(page.locator("#review-form")).to_be_visible()
    assert Assignment.objects.get(state="skipped").skip_reason == "language"


def test_menus_folds_and_the_history_open(page: Page) -> None:
    page.get_by_label("Your menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("link", name="My reviews").click()
    expect(page.get_by_role("heading", name="No reviews yet")).to_be_visible()
    page.get_by_role("link", name="Start reviewing").click()
    begin(page, "Groundedness")
    page.get_by_text("Guideline").click()
    expect(page.locator(".guide")).to_be_visible()


def test_a_curator_runs_a_rule_and_builds(world: World, signed_in: Any) -> None:
    page = signed_in(world.curator, java_script_enabled=False)
    page.get_by_role("navigation", name="Main").get_by_text("More").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sampling").click()
    page.get_by_role("link", name=world.rules[0].name, exact=True).click()
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#runs tbody tr")).to_have_count(2)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Datasets").click()
    page.get_by_role("link", name="Better answers").click()
    page.get_by_role("button", name="Build version").click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
