"""The same thing twice: a double click, the key beside the button, an old tab, the back button (F14, F15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.judgements.models import Review
from reviews.queues.models import Assignment
from tests.browser.desk import begin, drawn
from tests.browser.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


def at_a_pair(page: Page) -> Page:
    begin(page, "Which is better")
    return page


def double_click(page: Page) -> None:
    page.locator("#submit").dblclick()


def key_and_click(page: Page) -> None:
    """Both before the first answer can come."""
    page.evaluate(
        """() => {
          const form = document.getElementById("review-form");
          form.requestSubmit(); form.requestSubmit(); document.getElementById("submit").click();
        }"""
    )


@pytest.mark.parametrize("twice", [double_click, key_and_click])
def test_a_double_click_submits_once(world: World, signed_in: Any, twice: Callable[[Page], None]) -> None:
    page = at_a_pair(signed_in(world.reviewer))
    first = Assignment.objects.get(state="claimed")
    page.keyboard.press("3")
    twice(page)
    expect(page.locator(".today")).to_contain_text("1 done today")
    expect(page.locator("#review-form .q.active")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert Review.objects.get() == Assignment.objects.get(pk=first.pk).review
    assert list(Assignment.objects.values_list("state", flat=True).order_by("pk")) == ["submitted", "claimed"]


def test_an_old_tab_changes_nothing(world: World, signed_in: Any, watch: Any) -> None:
    watch.expected = {409}
    page = at_a_pair(signed_in(world.reviewer))
    old = page.context.new_page()
    old.goto(page.url, wait_until="load")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".today")).to_contain_text("1 done today")
    stored = Review.objects.get()
    old.bring_to_front()
    expect(old.locator("#review-form .q.active")).to_be_visible()
    old.keyboard.press("1")
    old.keyboard.press("Control+Enter")
    expect(old.get_by_text("You have submitted this review already")).to_be_visible()
    assert Review.objects.get() == stored
