"""What goes wrong while somebody types: nothing typed is lost or sent twice, and the page says what happened."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from feedback.judgements.models import Review
from feedback.judgements.record import answers_of
from reviews.queues.claim import claim
from reviews.queues.models import Assignment
from reviews.queues.submit import submit
from tests import make
from tests.browser.conftest import link_of
from tests.browser.desk import begin, drawn
from tests.browser.keys import until
from tests.browser.world import World

WORDS = "Half a thought \U0001f642"


@pytest.fixture
def world(transactional_db: None) -> World:
    return drawn()


@pytest.fixture
def page(world: World, signed_in: Any) -> Page:
    found: Page = signed_in(world.reviewer)
    begin(found, "Which is better")
    return found


def write(page: Page, words: str = WORDS) -> None:
    page.keyboard.press("3")
    page.get_by_label("Why?").fill(words)


def expect_chip(page: Page, words: str) -> None:
    expect(page.locator("[data-saved]")).to_have_text(words)


def expect_done(page: Page, n: int) -> None:
    expect(page.locator(".today")).to_contain_text(f"{n} done today")


def come_back(page: Page) -> None:
    """As from another tab."""
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def expect_sent(page: Page, words: str = WORDS) -> None:
    """Sending works again, and stores it once."""
    page.keyboard.press("Control+Enter")
    expect_done(page, 1)
    assert answers_of(Review.objects.get())["why"] == words


def test_offline_in_the_middle(page: Page, watch: Any) -> None:
    watch.is_cut_off = True
    page.context.set_offline(True)
    write(page)
    expect_chip(page, "Offline, kept on this device")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("No connection")
    expect(page.get_by_label("Why?")).to_have_value(WORDS)
    page.context.set_offline(False)
    expect_chip(page, "Saved")
    expect_sent(page)


def test_a_tab_closed_at_the_last_word(page: Page) -> None:
    write(page)
    page.close(run_before_unload=True)
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.get_by_label("Why?")).to_have_value(WORDS)
    expect(again.locator("#review-form input:checked")).to_have_count(1)


def test_two_tabs_on_one_item(page: Page, watch: Any) -> None:
    watch.expected = {409}
    write(page)
    expect_chip(page, "Saved")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_label("Why?")).to_have_value(WORDS)
    expect_sent(other)
    page.bring_to_front()
    page.get_by_label("Why?").fill("More words")
    expect_chip(page, "Not saved: not yours any more")
    expect(page.locator("[data-expired]")).to_contain_text("You have submitted this review already")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This was not sent.")).to_be_visible()
    expect(page.get_by_label("Why?")).to_have_value("More words")
    assert Review.objects.count() == 1


def test_enter_twice_and_held_down_sends_once(page: Page, watch: Any) -> None:
    asked: list[Route] = []
    page.route("**/submit/", lambda route: asked.append(route), times=1)
    write(page)
    with page.expect_request("**/submit/"):
        page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    page.keyboard.down("Control")
    page.keyboard.down("Enter")
    asked[0].continue_()
    expect_done(page, 1)
    page.keyboard.down("Enter")  # still held
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect_done(page, 2)
    assert Review.objects.count() == 2
    assert len([address for address in watch.asked if address.endswith("/submit/")]) == 2


def test_the_back_button(page: Page) -> None:
    write(page, "Of the first")
    page.keyboard.press("Control+Enter")
    expect_done(page, 1)
    write(page)
    page.go_back()
    expect(page.get_by_role("heading", name="What shall we read?")).to_be_visible()
    page.go_forward()
    expect(page.get_by_label("Why?")).to_have_value(WORDS)
    expect_done(page, 1)
    assert Review.objects.count() == 1


def test_the_session_ends_while_typing_and_another_tab_signs_in(page: Page, world: World, watch: Any) -> None:
    watch.expected = {403}  # the form is older than the sign-in
    Session.objects.all().delete()
    write(page)
    expect_chip(page, "Not saved: sign in again in another tab")
    other = page.context.new_page()
    other.goto(link_of(world.reviewer))
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="What shall we read?")).to_be_visible()
    come_back(page)
    expect_chip(page, "Saved")
    expect(page.get_by_label("Why?")).to_have_value(WORDS)
    expect_sent(page)


def test_the_session_ends_and_it_is_sent_at_once(page: Page, world: World) -> None:
    """Sent to the sign-in; whoever comes back finds what was never saved."""
    where = page.url
    Session.objects.all().delete()
    write(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(link_of(world.reviewer))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What shall we read?")).to_be_visible()
    page.goto(where)
    expect(page.get_by_label("Why?")).to_have_value(WORDS)
    expect_chip(page, "Saved")
    expect_sent(page)


def test_the_lease_ends_while_typing_and_somebody_else_is_faster(page: Page, world: World) -> None:
    held = make.expired(Assignment.objects.get(state="claimed"))
    other = make.member(world.project, name="Faster")
    theirs = claim(world.pairs, other)
    assert theirs is not None
    assert theirs.item_id == held.item_id
    answers = {"better": {"outcome": "tie"}}
    submit(theirs.token, other, answers, submission_id=theirs.token)
    write(page)
    expect_chip(page, "Saved")
    expect(page.locator("[data-expired]")).to_contain_text("Your time for this item ran out")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("It is kept, and counts if a place opens again.")).to_be_visible()
    held.refresh_from_db()
    assert held.state == "surplus"
    assert Review.objects.count() == 2


def test_the_server_fails(page: Page, watch: Any) -> None:
    watch.expected = {500}
    page.route("**/draft/", lambda route: route.fulfill(status=500))
    page.route("**/submit/", lambda route: route.fulfill(status=500))
    write(page)
    expect_chip(page, "Not saved yet, trying again")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("What you typed is still here; try again.")
    page.unroute("**/draft/")
    page.unroute("**/submit/")
    until(page, "!document.getElementById('submit').disabled")
    expect_sent(page)


def test_p_pauses_and_going_on_brings_it_back(page: Page) -> None:
    page.keyboard.press("3")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page).to_have_title("Paused: Which is better \u00b7 Touchstone")
    assert Assignment.objects.get().draft
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#review-form input:checked")).to_have_count(1)
