"""Flags by keyboard alone: overlapping ones, their kind, their proof; and what is typed without a connection."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.responses.models import Passage
from reviews.queues.models import Assignment
from tests.browser.desk import desk, drawn
from tests.browser.keys import drag_over, until
from tests.browser.test_accessible import findings
from tests.browser.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def flag_words(page: Page, *moves: str) -> None:
    """Flag by keyboard and close its controls."""
    keys(page, "f", *moves, "Enter")
    page.locator(".editing:not([hidden]) [data-done]").press("Enter")


def marks(page: Page) -> list[tuple[str, str]]:
    found: list[list[str]] = page.locator("[data-response] mark").evaluate_all(
        "(all) => all.map((one) => [one.textContent, one.dataset.lane])"
    )
    return [(text, lane) for text, lane in found]


def test_overlapping_flags_have_a_line_each(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    flag_words(page, "Shift+ArrowRight", "Shift+ArrowRight")
    flag_words(page, "ArrowRight", "ArrowRight", "Shift+ArrowRight")
    assert len({lane for _, lane in marks(page)}) == 2
    inner = page.locator("[data-response] mark mark").first
    assert inner.evaluate("(one) => one.dataset.flags !== one.parentElement.dataset.flags")
    layer = page.locator("[data-layer][data-response]")
    assert layer.evaluate("(one) => one.textContent") == world.marked.body.output
    flags = page.locator(".flag [data-edit]")
    inner.click()
    expect(flags.nth(1)).to_be_focused()
    inner.click()
    expect(flags.nth(0)).to_be_focused()


def test_digits_choose_the_kind_and_n_the_next_flag(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    keys(page, "f", "ArrowRight", "Enter", "3")
    expect(page.locator(".flag .said .chip")).to_have_text("Fabricated")
    assert page.locator("#review-form input:checked").count() == 0
    page.locator(".editing:not([hidden]) [data-done]").press("Enter")
    flag_words(page, "ArrowDown")
    flags = page.locator(".flag [data-edit]")
    expect(flags.nth(1)).to_be_focused()
    keys(page, "n")
    expect(flags.nth(0)).to_be_focused()
    keys(page, "Enter", "Tab")
    expect(page.locator(".editing:not([hidden]) [name=severity]")).to_be_focused()


def test_the_proof_is_chosen_by_keys_and_lights_up(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    keys(page, "f", "ArrowRight", "Enter")
    page.locator(".editing [name=evidence]").select_option(index=1)
    page.get_by_role("button", name="Choose the words that show it").press("Enter")
    keys(page, "ArrowRight", "Shift+ArrowRight", "Enter")
    proof = page.locator("mark.evidence")
    expect(proof).to_have_class("evidence begins lit")
    expect(page.locator(".editing [name=note]")).to_be_focused()
    page.keyboard.type("It says so.")
    keys(page, "Enter", "j")
    expect(proof).to_be_focused()
    keys(page, "j")
    expect(page.locator(".flag [data-edit]")).to_be_focused()
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    (flag,) = next(given for given in Assignment.objects.get(state="claimed").draft.values() if isinstance(given, list))
    text = Passage.objects.get(pk=flag["evidence"]["passage"]).text
    assert text[flag["evidence"]["start"] : flag["evidence"]["end"]] == flag["evidence"]["quote"]


def test_a_mark_of_a_program_in_a_source_is_shown_and_kept(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    assignment = Assignment.objects.get(state="claimed")
    source = world.marked.passages.get()
    mark = {
        "response": world.marked.pk,
        "passage": source.pk,
        "start": 0,
        "end": 8,
        "quote": "Clothing",
        "kind": "fabricated",
    }
    Assignment.objects.update(draft={assignment.queue.rubric_version.criteria.get(kind="spans").key: [mark]})
    page.reload()
    expect(page.locator(".passage mark")).to_have_text("Clothing")
    expect(page.locator(".flag .why")).to_contain_text("Words of")
    keys(page, "1")
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    drafts = Assignment.objects.get(state="claimed").draft.values()
    assert [mark] in list(drafts)


def test_without_a_connection_it_is_kept_on_the_device(world: World, signed_in: Any, watch: Any) -> None:
    watch.is_cut_off = True
    page = desk(world, signed_in)
    page.route("**/draft/", lambda route: route.abort("internetdisconnected"))
    page.get_by_label("Note").fill("Half a thought 🙂")
    saved = page.locator("[data-saved]")
    expect(saved).to_have_text("Offline, kept on this device")
    expect(page.locator("#live")).to_have_text("Offline, kept on this device")
    page.unroute("**/draft/")
    page.reload()
    assert watch.dialogs == [""]
    expect(page.get_by_label("Note")).to_have_value("Half a thought 🙂")
    expect(saved).to_have_text("Saved")
    until(page, "!Object.keys(localStorage).some((name) => name.startsWith('touchstone-unsent'))")


def test_long_lines_can_be_left_unwrapped(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    plain = page.locator(".response .plain")
    assert plain.evaluate("(one) => getComputedStyle(one).whiteSpace") != "pre"
    keys(page, "w")
    assert plain.evaluate("(one) => getComputedStyle(one).whiteSpace") == "pre"


def test_words_are_dragged_over_an_older_flag(world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    flag_words(page, "ArrowRight", "Shift+ArrowRight")
    drag_over(page, page.locator("[data-layer][data-response]"), "is insured up")
    page.get_by_role("toolbar").get_by_role("button", name="Unsupported").click()
    expect(page.locator(".flag")).to_have_count(2)
    expect(page.locator(".flag .said q").nth(1)).to_have_text("is insured up")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_flagging(scheme: Any, world: World, signed_in: Any) -> None:
    page = desk(world, signed_in)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    flag_words(page, "Shift+ArrowRight", "Shift+ArrowRight")
    keys(page, "f", "ArrowRight", "Enter")
    page.locator(".editing:not([hidden]) [name=evidence]").select_option(index=1)
    page.locator(".topbar [data-find-open]").click()
    page.keyboard.type("insured")
    assert findings(page, f"flagging {scheme}") == []
    page.keyboard.press("Escape")
    for sheet in ("e", "s"):
        page.locator(".q.active").first.focus()
        page.keyboard.press(sheet)
        assert findings(page, f"{sheet} {scheme}") == []
        page.keyboard.press("Escape")
