"""Turns judged one by one, and a number that is typed, by hand and by thumb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from feedback.judgements.models import Review, Verdict
from feedback.judgements.record import answers_of
from reviews.quality.settle import settle_complete_items
from reviews.queues.items import add_items
from reviews.queues.models import Item
from tests import make
from tests.browser.keys import until
from tests.browser.test_accessible import findings, look
from tests.browser.watch import Watch

SPOKEN = [
    {"role": "user", "content": "Can I bring my dog?"},
    {"role": "assistant", "content": "Where do you travel to?"},
    {"role": "user", "content": "To Oslo, by night train."},
    {"role": "assistant", "content": "Let me look at the rules of that train.", "tool_calls": [make.CALL]},
    {"role": "tool", "content": "Dogs travel in the pet compartment.", "tool_call_id": "c1"},
    {"role": "assistant", "content": "There is a pet compartment."},
    {"role": "user", "content": "What does it cost, and how do I book it?"},
]


@pytest.fixture
def project(transactional_db: None) -> Any:
    return make.project("travel", name="Travel assistant")


def sit_down(project: Any, signed_in: Callable[..., Page], criteria: list[dict[str, Any]]) -> Page:
    queue = make.queue(project, criteria=criteria, k=1, grace_seconds=600, name="Dialogues")
    for output in ("It costs 39 euros; book it with your seat.", "I do not know."):
        add_items(queue, [make.subject(make.response(project, output, messages=SPOKEN)).pk])
    page = signed_in(make.member(project, name="Rita Reviewer"))
    page.get_by_role("listitem").filter(has_text="Dialogues").get_by_role("button").click()
    return page


def focused(page: Page, turn: str) -> None:
    """Wait until this turn has the focus, and its words in the conversation are lit."""
    until(page, f"document.activeElement.closest('[data-turn]')?.querySelector('legend a').hash === '#{turn}'")
    expect(page.locator(f"#{turn}")).to_contain_class("judged")


def test_digits_answer_turn_by_turn_and_arrows_move(
    project: Any, signed_in: Callable[..., Page], screenshot: Any, watch: Watch
) -> None:
    watch.expected = {422}
    page = sit_down(project, signed_in, make.turns_criteria())
    focused(page, "turn-2")  # it stood folded among the earlier turns
    expect(page.locator("#turn-2")).to_be_visible()
    page.keyboard.press("1")
    focused(page, "turn-4")
    page.keyboard.press("ArrowDown")  # with the digit it means the same step
    page.keyboard.press("ArrowDown")
    focused(page, "turn-6")
    page.keyboard.press("3")
    focused(page, "turn-8")
    page.keyboard.press("2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    focused(page, "turn-4")
    expect(page.locator("[data-answered]")).to_have_text("3 of 5")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Turn 4 needs an answer.")).to_be_visible()
    focused(page, "turn-4")
    screenshot(page, "turns-desk")
    assert findings(page, "turns") == []
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("paragraph").filter(has_text="I do not know.")).to_be_visible()
    assert answers_of(Review.objects.get())["turns"] == {"2": "good", "4": "good", "6": "bad", "8": "fair"}


def test_a_thumb_finds_each_turn_on_a_phone(project: Any, signed_in: Callable[..., Page], screenshot: Any) -> None:
    page = sit_down(project, signed_in, make.turns_criteria())
    look(page, 390, "light")
    for turn in page.locator("[data-turn]").all():
        option = turn.locator(".opt").filter(has_text="Fair")
        box = option.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        option.click()
    expect(page.locator("[data-turn] :checked")).to_have_count(4)
    page.locator(".per-turn").scroll_into_view_if_needed()
    screenshot(page, "turns-phone")
    page.get_by_role("link", name="Turn 2").click()
    expect(page.locator("#turn-2")).to_be_in_viewport()


def test_a_number_is_typed_where_the_hands_are(
    project: Any, signed_in: Callable[..., Page], screenshot: Any, watch: Watch
) -> None:
    watch.expected = {422}
    yes_no = {"key": "ok", "kind": "yes_no", "label": "Is it right?"}
    page = sit_down(project, signed_in, [yes_no, make.typed_criteria()[0], {**yes_no, "key": "kind"}])
    expect(page.locator(".q.yes_no").first).to_contain_class("active")
    page.keyboard.press("1")
    expect(page.locator(".q.scale")).to_contain_class("active")
    page.keyboard.type("1250000")
    box = page.locator("[name=q-cost]")
    expect(box).to_have_value("1250000")
    page.keyboard.press("Enter")  # goes on, and does not send
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The scale goes from 0 to 1,000,000.")).to_be_visible()
    screenshot(page, "typed-desk")
    assert findings(page, "typed") == []
    look(page, 390, "dark")
    box.scroll_into_view_if_needed()
    screenshot(page, "typed-desk")
    box.fill("1250.5")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("paragraph").filter(has_text="I do not know.")).to_be_visible()
    assert answers_of(Review.objects.get())["cost"] == 1250.5


def test_a_moderator_begins_at_the_turn_without_a_majority(project: Any, signed_in: Callable[..., Page]) -> None:
    queue = make.queue(project, criteria=make.turns_criteria())
    subject = make.subject(make.talk(project))
    for fifth in ("bad", "fair"):
        make.counted(queue, subject, make.member(project), {"turns": {"3": "good", "5": fifth}})
    settle_complete_items()
    page = signed_in(make.member(project, "moderator"))
    page.goto(reverse("quality:settle", args=["travel", Item.objects.get().pk]))
    focused(page, "turn-5")
    page.keyboard.press("3")
    expect(page.locator("#settle-form textarea")).to_be_focused()
    expect(page.locator("[data-turn] :checked")).to_have_count(2)
    page.keyboard.type("It snowed.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Settled.")).to_be_visible()
    assert Verdict.objects.get().answers["turns"]["value"] == {"3": "good", "5": "bad"}
