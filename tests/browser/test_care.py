"""Texts that are covered, a line that reminds of a break, and time that counts only while somebody is there."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.responses.models import Response
from tests.browser.desk import begin, desk, drawn
from tests.browser.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


def active_ms(page: Page) -> int:
    return int(page.locator("#review-form [name=active_ms]").input_value())


def test_a_covered_text_is_shown_by_its_key_and_stays_after_a_reload(world: World, signed_in: Any) -> None:
    Response.objects.update(tags=["graphic"])
    page = desk(world, signed_in)
    text = page.locator(".desk > .text")
    expect(page.get_by_role("heading", name="Marked graphic")).to_be_visible()
    expect(text).to_have_attribute("inert", "")
    page.keyboard.press("v")
    expect(page.locator(".cover")).to_have_count(0)
    expect(text).not_to_have_attribute("inert", "")
    expect(text).to_be_focused()
    page.reload()
    expect(page.locator("#review-form .q.active")).to_be_visible()
    expect(page.locator(".cover")).to_have_count(0)


def test_a_line_reminds_of_a_break_and_idle_time_does_not_count(world: World, signed_in: Any) -> None:
    user = world.reviewer.user
    assert user is not None
    user.preferences = {"break_minutes": 5}
    user.save(update_fields=["preferences"])
    page: Page = signed_in(world.reviewer)
    page.clock.install()
    begin(page, "Groundedness")
    line = page.locator("[data-break]")
    for _ in range(5):
        expect(line).to_be_hidden()
        page.keyboard.press("Shift")
        page.clock.run_for(59_000)
    page.keyboard.press("Shift")
    page.clock.run_for(30_000)
    expect(line).to_be_visible()
    before = active_ms(page)
    assert before >= 300_000
    page.clock.run_for(120_000)
    assert active_ms(page) - before < 60_000


def test_time_goes_on_after_a_reload_and_begins_anew_with_the_next_item(
    world: World, signed_in: Any, watch: Any
) -> None:
    page: Page = signed_in(world.reviewer)
    page.clock.install()
    begin(page, "Groundedness")
    page.keyboard.press("Shift")
    page.clock.run_for(20_000)
    spent, token = active_ms(page), page.locator("#review-form [name=token]").input_value()
    assert 15_000 < spent <= 21_000
    page.reload()
    page.keyboard.press("Shift")
    page.clock.run_for(3000)
    assert spent < active_ms(page) <= spent + 5000
    watch.expected = {422}
    page.keyboard.press("Control+Enter")  # nothing is answered: refused
    expect(page.get_by_text("This question needs an answer.").first).to_be_visible()
    assert spent < active_ms(page) <= spent + 10_000
    page.keyboard.press("s")
    page.get_by_label("Why skip it?").select_option("unclear")
    page.get_by_role("button", name="Skip this item").click()
    expect(page.locator("#review-form [name=token]")).not_to_have_value(token)
    assert active_ms(page) < 5000
