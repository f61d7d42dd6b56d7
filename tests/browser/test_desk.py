"""The desk in a real browser: what it weighs, what assistive technology hears, what hostile text cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from playwright.sync_api import Page, Response, expect

from feedback.judgements.models import Review
from feedback.responses.models import Passage
from feedback.text.hashes import sha256_text
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make
from tests.browser.desk import begin, fill
from tests.browser.keys import tab_to, until_focused
from tests.browser.world import World, build

MOST_BYTES = 150_000
PACKED = (".woff2", ".png")  # compressed by nature

EVIL = "http://127.0.0.1:9"
HOSTILE = f"""<script>alert(1)</script><img src="{EVIL}/a" onerror="alert(2)">
![x]({EVIL}/b) [click](javascript:alert(3)) <a href="{EVIL}/c" ping="{EVIL}/d">x</a>
<style>@import url({EVIL}/e)</style><iframe src="{EVIL}/f"></iframe><svg onload="alert(4)"></svg>
"><input autofocus onfocus=alert(5)> <div hx-get="{EVIL}/g" hx-trigger="load">h</div> <base href="{EVIL}/">
<form action="{EVIL}/i"><button name="token">Submit, next</button></form> \u202etxt.exe\u202c zero\u200bwidth"""

NAMELESS = """() => [...document.querySelectorAll("button, a[href], select, textarea, summary, input")]
  .filter((one) => one.type !== "hidden" && one.getClientRects().length)
  .filter((one) => !(one.labels?.length || one.ariaLabel || one.title || one.textContent.trim()))
  .map((one) => one.outerHTML)"""
TWICE = """() => [...document.querySelectorAll("[id]")].map((one) => one.id)
  .filter((id, at, all) => all.indexOf(id) !== at)"""


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


def weight(response: Response) -> int:
    path, body = urlsplit(response.url).path, response.body()
    packed = path.startswith("/static/") and not path.endswith(PACKED)
    return len(brotli.compress(body)) if packed else len(body)


def test_it_weighs_at_most_150_kilobytes(world: World, signed_in: Any, open_browser: Any) -> None:
    """As production serves it: static files packed with Brotli once (WhiteNoise), pages as they are."""
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    seen: list[Response] = []
    cold = open_browser(storage_state=page.context.storage_state())
    cold.on("response", lambda response: seen.append(response))
    cold.goto(page.url, wait_until="networkidle")
    sizes = {urlsplit(response.url).path: weight(response) for response in seen}
    assert len(sizes) > 10
    assert sum(sizes.values()) <= MOST_BYTES, sorted(sizes.items(), key=lambda entry: -entry[1])


def test_everything_has_a_name_and_a_role(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    nameless, twice = page.evaluate(NAMELESS), page.evaluate(TWICE)
    assert (nameless, twice) == ([], [])
    for group in ("Is everything it states", "How well does it answer", "Is it insulting"):
        expect(page.get_by_role("group", name=group)).to_be_visible()
    for region in ("What was asked", "Sources it was given", "Actions"):
        expect(page.get_by_role("region", name=region)).to_be_visible()
    expect(page.get_by_role("complementary", name="Your judgement")).to_be_visible()
    expect(page.get_by_role("radio", name="5 Just right")).to_be_attached()


def test_keys_are_listed_and_can_be_switched_off(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    for words in ("Submit, next", "Skip this item", "Flag the selected words"):
        expect(dialog).to_contain_text(words)
    dialog.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert page.locator("#review-form input:checked").count() == 0
    page.keyboard.press("?")
    dialog.get_by_role("checkbox").uncheck()


def test_typing_in_a_box_answers_nothing(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    tab_to(page, page.get_by_label("Note"))
    page.keyboard.type("1 s u f ? 2")
    assert page.locator("#review-form input:checked").count() == 0
    expect(page.get_by_label("Note")).to_have_value("1 s u f ? 2")


def test_what_is_typed_survives_a_reload(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    page.keyboard.press("1")
    page.get_by_label("Note").fill("Half a thought 🙂")
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("Half a thought 🙂")
    expect(page.locator("#review-form input:checked")).to_have_count(1)


def test_an_answer_missing_brings_the_focus_to_it(world: World, signed_in: Any, watch: Any) -> None:
    fill(world)
    watch.expected = {422}
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This question needs an answer.").first).to_be_visible()
    until_focused(page, "How well does it answer")
    assert not Review.objects.exists()


def test_an_undo_too_late_is_said_and_leaves_the_desk_alone(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Which is better")
    first, title = page.locator("[data-layer][data-response]").first.inner_text(), page.title()
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-layer][data-response]").first).not_to_have_text(first)
    expect(page).not_to_have_title(title)
    Queue.objects.update(grace_seconds=0)
    page.get_by_label("Why?").fill("Not lost")
    page.get_by_role("button", name="Undo last").click()
    expect(page.locator("#toasts")).to_contain_text("can no longer be undone")
    expect(page.get_by_label("Why?")).to_have_value("Not lost")


def test_words_typed_a_moment_before_undo_are_not_lost(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer)
    begin(page, "Which is better")
    first, title = page.locator("[data-layer][data-response]").first.inner_text(), page.title()
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-layer][data-response]").first).not_to_have_text(first)
    expect(page).not_to_have_title(title)
    page.get_by_label("Why?").fill("A moment ago")
    page.get_by_role("button", name="Undo last").click()
    expect(page.locator("[data-layer][data-response]").first).to_have_text(first)
    page.wait_for_timeout(300)
    drafts = Assignment.objects.filter(state="claimed").values_list("draft", flat=True)
    assert "A moment ago" in [draft.get("why") or draft.get("reason") for draft in drafts]


def test_hostile_text_does_nothing(world: World, signed_in: Any, watch: Any) -> None:
    response = make.response(world.project, HOSTILE, question=HOSTILE)
    hostile = {"title": HOSTILE[:200], "url": "javascript:alert(6)", "text": HOSTILE, "text_hash": sha256_text(HOSTILE)}
    Passage.objects.create(project=world.project, response=response, position=0, **hostile)
    add_items(world.single, [make.subject(response).pk])
    page = signed_in(world.reviewer)
    begin(page, "Groundedness")
    layer = page.locator("[data-layer][data-response]")
    assert layer.evaluate("(layer) => layer.textContent") == HOSTILE
    page.get_by_text("Formatted").click()
    expect(page.locator(".formatted")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.locator(".formatted").locator("img, script, style, iframe, svg, form, input, [hx-get]").count() == 0
    curator = signed_in(world.curator)
    curator.goto(f"/p/travel/responses/{response.pk}/")
    curator.wait_for_timeout(300)
    assert watch.dialogs == []
    assert [address for address in watch.asked if address.startswith(EVIL)] == []


@pytest.mark.parametrize("width", [390, 1440])
def test_its_pages_fit_the_screen(
    width: int, world: World, signed_in: Any, screenshot: Callable[[Page, str], None]
) -> None:
    fill(world)
    page = signed_in(world.reviewer, width=width)
    for queue in ("Groundedness", "Which is better"):
        begin(page, queue)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, queue.split()[0].lower())
        page.goto("/p/travel/work/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, "work")


def test_a_phone_flags_words_and_sends(world: World, signed_in: Any) -> None:
    fill(world)
    page = signed_in(world.reviewer, width=390, has_touch=True, is_mobile=True)
    begin(page, "Groundedness")
    for question in ("Is everything it states", "Is it insulting", "Does it treat people"):
        page.get_by_role("group", name=question).get_by_role("radio", name="No").tap()
    page.get_by_role("group", name="How well does it answer").get_by_role("radio", name="2 ").tap()
    page.locator("[data-layer][data-response]").evaluate(
        "(layer) => getSelection().selectAllChildren(layer)"  # what a long press and its handles do
    )
    page.get_by_role("toolbar").get_by_role("button", name="Fabricated").tap()
    page.get_by_role("button", name="Done").tap()
    page.get_by_role("button", name="Submit, next").tap()
    expect(page.locator("[data-announce]")).to_have_attribute("data-announce", "Next item. 1 done today.")
    assert Review.objects.get().spans.get().kind == "fabricated"
