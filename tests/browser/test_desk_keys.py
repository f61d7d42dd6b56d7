"""What the keys of the desk do: ask a moderator, search, choose words, go to a proof; and keys of one's own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Escalation, Place
from tests import make
from tests.browser.desk import desk, drawn
from tests.browser.keys import until
from tests.browser.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


def test_e_asks_a_moderator_and_the_item_stays(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    page.keyboard.press("1")
    page.keyboard.press("e")
    page.keyboard.type("Is this ours?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Asked. The answer will stand in My work.")).to_be_visible()
    expect(page.locator("#review-form input:checked")).to_have_count(1)
    assert Escalation.objects.get().messages.get().text == "Is this ours?"
    page.goto("/p/travel/work/")
    expect(page.get_by_role("region", name="What you asked moderators")).to_contain_text("Waiting")


def test_an_arrow_pressed_with_an_answer_skips_no_question(world: World, signed_in: Any) -> None:
    """The answer has gone on to the next question already; only the second arrow goes further."""
    page = desk(world, signed_in)
    ask = page.locator("#review-form .q")
    page.keyboard.press("1")
    page.keyboard.press("ArrowDown")
    expect(ask.nth(1)).to_contain_class("active")
    page.keyboard.press("ArrowDown")
    expect(ask.nth(2)).to_contain_class("active")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("4")
    page.keyboard.press("ArrowUp")
    expect(ask.nth(1)).to_contain_class("active")
    page.keyboard.press("?")
    expect(page.get_by_text("Answer the question in focus, and go on to the next")).to_be_visible()


def test_slash_searches_in_the_item(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    page.keyboard.press("/")
    page.keyboard.type("insured")
    hits = page.locator("[data-find-here] output")
    expect(hits).to_have_text("1 of 4")
    page.keyboard.press("Enter")
    expect(hits).to_have_text("2 of 4")
    page.keyboard.press("Shift+Enter")
    expect(hits).to_have_text("1 of 4")
    until(page, "CSS.highlights.get('found').size === 4")
    page.keyboard.press("Escape")
    until(page, "CSS.highlights.get('found').size === 0")


def test_words_are_chosen_flagged_and_the_flag_removed_by_keys(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    for key in ("f", "ArrowRight", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)
    flag = page.locator(".flag")
    expect(flag).to_have_count(1)
    page.keyboard.press("Escape")
    expect(flag).to_have_count(0)
    for key in ("f", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Done").press("Enter")
    page.keyboard.press("Delete")
    expect(flag).to_have_count(0)


def test_j_goes_to_the_proof_and_back(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    for key in ("f", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator(".flag [name=evidence]").select_option(index=1)
    page.get_by_role("button", name="Done").press("Enter")
    page.keyboard.press("j")
    expect(page.locator(".passage").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".flag [data-edit]")).to_be_focused()


def test_a_persons_own_keys_act_and_are_printed(world: World, signed_in: Any) -> None:
    assert world.reviewer.user is not None
    world.reviewer.user.preferences = {"keys": {"map": {"s": "x"}}}
    world.reviewer.user.save()
    page = desk(world, signed_in)
    skip = page.locator("summary", has_text="Skip")
    expect(skip.locator("kbd")).to_have_text("x")
    page.keyboard.press("s")
    expect(page.get_by_label("Why skip it?")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.get_by_label("Why skip it?")).to_be_visible()


def test_keys_that_are_off_do_nothing_anywhere(world: World, signed_in: Any) -> None:
    assert world.reviewer.user is not None
    world.reviewer.user.preferences = {"keys": {"off": True}}
    world.reviewer.user.save()
    page = desk(world, signed_in)
    for key in ("1", "s", "e", "f"):
        page.keyboard.press(key)
    assert page.locator("#review-form input:checked").count() == 0
    assert page.locator("details.menu[open]").count() == 0
    assert Assignment.objects.filter(state="skipped").count() == 0


def test_a_long_text_is_clipped_until_it_is_asked_for(world: World, signed_in: Any) -> None:
    long = make.response(world.project, "Covered. " * 2000, question="What is covered?")
    add_items(world.single, [make.subject(long).pk], lane=0)
    Place.objects.filter(item__queue=world.single).exclude(lane=0).update(state="withdrawn")
    Place.objects.filter(item__queue=world.single, item__subject=make.subject(world.marked)).update(state="withdrawn")
    page = desk(world, signed_in)
    response = page.locator(".response")
    assert response.evaluate("(element) => element.clientHeight") < 700
    page.get_by_role("button", name="Show all").press("Enter")
    assert response.evaluate("(element) => element.clientHeight") > 700


def test_g_opens_the_guideline_and_escape_goes_back(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    page.keyboard.press("2")
    page.keyboard.press("g")
    guide = page.get_by_role("region", name="Guideline")
    expect(guide).to_be_focused()
    page.keyboard.press("Escape")
    expect(guide).to_be_hidden()
    expect(page.locator(".q.active")).to_be_visible()
    expect(page.locator("#review-form .q.active:focus-within")).to_be_visible()
