"""Ranking by hand: digits, equal signs, buttons, dragging, lists; at the desk, without scripts, and in a dispute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from feedback.judgements.models import Comparison, Verdict
from reviews.quality.settle import settle_complete_items
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Item, Queue
from tests import make
from tests.browser.test_accessible import findings, look

LONG = "You are insured up to €5,000 for clothing, worldwide. " * 6


@dataclass
class Ranking:
    queue: Queue
    reviewer: Member
    moderator: Member


@pytest.fixture
def ranking(transactional_db: None) -> Ranking:
    project = make.project("travel", name="Travel assistant")
    queue = make.queue(
        project, subject_size=4, criteria=make.ranking_criteria(4), k=1, grace_seconds=600, name="Rank the answers"
    )
    for question in ("Is my jacket insured?", "When do you pay?"):
        rows = [make.response(project, f"Answer {n}. {LONG}", question=question) for n in "abcd"]
        add_items(queue, [make.subject(*rows).pk])
    return Ranking(
        queue, make.member(project, name="Rita Reviewer"), make.member(project, "moderator", name="Mona Moderator")
    )


def begin(page: Page) -> Assignment:
    page.get_by_role("listitem").filter(has_text="Rank the answers").get_by_role("button").click()
    page.wait_for_load_state("load")
    expect(page.locator("#review-form .q").first).to_be_visible()
    return Assignment.objects.live().get()


def order(page: Page) -> list[str]:
    """The rows from top to bottom, with the place that each has."""
    rows = page.locator("[data-ranked] > li")
    return [
        f"{rows.nth(at).locator('select').input_value()}:{rows.nth(at).get_attribute('data-row')}" for at in range(4)
    ]


def test_digits_rank_and_equal_signs_tie(ranking: Ranking, signed_in: Callable[..., Page], screenshot: Any) -> None:
    page = signed_in(ranking.reviewer)
    held = begin(page)
    expect(page.locator(".q.ranking")).to_contain_class("active")
    for key in ("3", "1", "=", "4", "2"):
        page.keyboard.press(key)
    assert order(page) == ["1:3", "2:1", "2:4", "3:2"]
    expect(page.locator(".answer").nth(2)).to_contain_text("place 1")
    expect(page.locator("[data-answered]")).to_have_text("1 of 2")
    page.keyboard.press("1")  # out, and in again as the last
    page.keyboard.press("1")
    assert order(page) == ["1:3", "2:4", "3:2", "4:1"]
    page.get_by_role("button", name="Response 1 up").press("Enter")
    assert order(page) == ["1:3", "2:4", "3:1", "3:2"]
    screenshot(page, "ranking-desk")
    look(page, 390, "light")
    page.locator(".q.ranking").scroll_into_view_if_needed()
    screenshot(page, "ranking-desk")
    page.evaluate("scrollTo(0, 0)")  # half under the bar of actions, a button would be too small
    assert findings(page, "ranking") == []
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("When do you pay?").first).to_be_visible()
    ids = held.shown_order
    assert Comparison.objects.get().ranking == [[ids[2]], [ids[3]], sorted([ids[0], ids[1]])]


def test_a_row_is_dragged_and_the_draft_comes_back(ranking: Ranking, signed_in: Callable[..., Page]) -> None:
    page = signed_in(ranking.reviewer)
    begin(page)
    for key in "1234":
        page.keyboard.press(key)
    row = page.locator("[data-row]")
    row.filter(has_text="Response 4").drag_to(
        row.filter(has_text="Response 1"), source_position={"x": 30, "y": 15}, target_position={"x": 30, "y": 3}
    )
    assert order(page) == ["1:4", "2:1", "3:2", "4:3"]
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".q.ranking.active")).to_be_visible()
    assert order(page) == ["1:4", "2:1", "3:2", "4:3"]


def test_lists_rank_without_scripts_on_a_phone(ranking: Ranking, signed_in: Callable[..., Page], watch: Any) -> None:
    page = signed_in(ranking.reviewer, width=390, java_script_enabled=False)
    watch.expected = {422}
    held = begin(page)
    expect(page.get_by_role("button", name="Response 1 up")).to_be_hidden()
    places = page.locator("[data-ranked] select")
    for at, place in enumerate("213"):
        places.nth(at).select_option(place)
    page.get_by_role("button", name="Submit, next").click()
    expect(page.get_by_text("1 of 4 still needs one.")).to_be_visible()
    places.nth(3).select_option("3")
    page.get_by_role("button", name="Submit, next").click()
    expect(places.first).to_have_value("")
    ids = held.shown_order
    assert Comparison.objects.get().ranking == [[ids[1]], [ids[0]], sorted(ids[2:])]


def test_a_dispute_is_settled_by_keys(ranking: Ranking, signed_in: Callable[..., Page], screenshot: Any) -> None:
    project = ranking.queue.project
    item = Item.objects.order_by("pk").first()
    assert item is not None
    ids = [row.pk for row in item.subject.shown()]
    for tiers in ([[pk] for pk in ids], [[pk] for pk in reversed(ids)]):
        make.counted(ranking.queue, item.subject, make.member(project), {"order": tiers})
    Item.objects.filter(pk=item.pk).update(settle_after=None, state="complete")
    settle_complete_items()
    page = signed_in(ranking.moderator)
    page.goto(f"/p/travel/moderation/disputes/{item.pk}/")
    page.get_by_text("The votes on each two").click()
    screenshot(page, "ranking-dispute")
    look(page, 390, "light")
    screenshot(page, "ranking-dispute")
    page.locator("#settle-form .q.ranking").focus()
    for key in "4321":
        page.keyboard.press(key)
    page.keyboard.type("The fourth says it all.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Settled.")).to_be_visible()
    assert Verdict.objects.get().answers["order"]["value"] == [[pk] for pk in reversed(ids)]
